"""Makes the `kibana` package of the npm registry into a Kibana that starts: once, then it stays in the cache.

The package is the Apache-2.0 source of Kibana 5.1.1 as one developer published it, experiments included, and not
Elastic's build. What follows takes the experiments out, installs what the front end needs, and bundles it.
"""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

from access_es.demo import kibana
from access_es.demo.archives import KIBANA, YARN, unpacked
from access_es.demo.cache import whole_folder
from access_es.demo.engine_user import change_owner
from access_es.demo.errors import ChildFailed, DemoUnavailable
from access_es.demo.health import ask
from access_es.demo.machine import find_node, find_npm
from access_es.demo.processes import Children, free_ports
from access_es.demo.progress import Progress, step

INSTALL_VERSION = 1
"""Part of the folder's name: raise it with every change to the steps here, so that no older installation is used."""

UNWANTED_PLUGINS = ("tests_bundle", "dev_mode", "testbed", "elasticsearch_status")
PLUGIN = Path(__file__).parent / "kibana_plugin" / "demo_spy_mode"
BUNDLING_SECONDS = 600
YARN_INSTALL = (
    "install",
    "--production",
    "--frozen-lockfile",
    "--ignore-scripts",
    "--ignore-engines",
    "--non-interactive",
)

GIT_JQUERY = "git+https://github.com/jquery/jquery.git#2.0.3"
REGISTRY_JQUERY = "2.1.4"
"""Kibana's own version. Gridster asks for a jQuery from git, which is no package registry and rarely reachable."""


def prepared(cache: Path, node: Path, children: Children, progress: Progress) -> Path:
    """Return the folder of a Kibana ready to start, with its front end bundled; a minute's work the first time."""
    home = cache / f"kibana-{KIBANA.version}-prepared-{INSTALL_VERSION}"
    if home.exists():
        return home
    source = unpacked(KIBANA, cache, children, progress)
    with whole_folder(home) as partial:
        shutil.copytree(source, partial, dirs_exist_ok=True)
        clean(partial)
        install(partial, cache, children, progress)
        change_owner(partial)
        bundle(partial, node, cache, children, progress)
    return home


def clean(home: Path) -> None:
    """Take out what Kibana 5.1.1 never had, and put in the spy mode that it had and this package lacks."""
    for name in UNWANTED_PLUGINS:
        shutil.rmtree(home / "src" / "core_plugins" / name, ignore_errors=True)
    shutil.copytree(PLUGIN, home / "src" / "core_plugins" / PLUGIN.name)
    # Its author's settings point at a private address.
    (home / "config" / "kibana.yml").write_text("")
    public = home / "src" / "core_plugins" / "kibana" / "public"
    rewrite(public / "discover" / "index.html", clean_discover)
    rewrite(public / "kibana.js", clean_start)
    rewrite(home / "yarn.lock", clean_lock)
    rewrite(home / "package.json", clean_manifest)


def rewrite(file: Path, change: Callable[[str], str]) -> None:
    """Replace a file's text by what `change` makes of it; raise `DemoUnavailable` when that is what it was."""
    before = file.read_text()
    after = change(before)
    if after == before:
        raise DemoUnavailable(f"Kibana's {file.name} is not the expected one.", f"less {file}")
    file.write_text(after)


def clean_discover(page: str) -> str:
    """Return Discover's page without the raw table and the heading that were tried out above the real table."""
    page = re.sub(r"<table border='1'>.*?</table>", "", page, count=1, flags=re.DOTALL)
    return re.sub(r"<h1>\{\{info\}\}</h1>", "", page, count=1)


def clean_start(script: str) -> str:
    """Return the start script without the two lines that tell the browser's console how far it has come."""
    return re.sub(r'^.*\$log\.info\("\*+.*\n', "", script, flags=re.MULTILINE)


def clean_lock(lock: str) -> str:
    """Return the lock without the jQuery from git: gridster shares the one that Kibana itself uses."""
    entry = rf'"jquery@{re.escape(GIT_JQUERY)}":\n(?:  .*\n)+\n'
    return re.sub(entry, "", lock).replace(f'jquery "{GIT_JQUERY}"', f'jquery "{REGISTRY_JQUERY}"')


def clean_manifest(manifest: str) -> str:
    """Return package.json with the same word on jQuery; its `build` stays, or Kibana starts in developer mode."""
    content = json.loads(manifest)
    content["resolutions"] = {"jquery": REGISTRY_JQUERY}
    return json.dumps(content, indent=2)


def with_registry(lock: str, registry: str) -> str:
    """Return the lock with all archives at `registry`, whatever registry they were locked at."""
    return re.sub(r'resolved "https?://[^/"]+/', f'resolved "{registry.rstrip("/")}/', lock)


def install(home: Path, cache: Path, children: Children, progress: Progress) -> None:
    """Install the locked packages with Yarn 1, as Kibana 5 was; no script of any of them is run."""
    yarn = unpacked(YARN, cache, children, progress)
    with step(progress, "Installing the packages of Kibana"):
        registry = npm_registry(home, children)
        lock = home / "yarn.lock"
        lock.write_text(with_registry(lock.read_text(), registry))
        scratch = home / ".yarn-cache"
        command = [str(find_node()), str(yarn / "bin" / "yarn.js"), *YARN_INSTALL]
        command += [f"--registry={registry}", f"--cache-folder={scratch}"]
        log = cache / "kibana-install.log"
        children.start("The installation of Kibana's packages", command, folder=home, log=log, environment=None).wait()
        shutil.rmtree(scratch, ignore_errors=True)


def npm_registry(folder: Path, children: Children) -> str:
    """Return the address of the registry that npm is configured for here."""
    answer = folder / "npm-registry.log"
    command = [str(find_npm()), "config", "get", "registry"]
    children.start("npm", command, folder=folder, log=answer, environment=None).wait()
    # npm's warnings may stand in the same file.
    found = re.findall(r"^https?://\S+$", answer.read_text(), re.MULTILINE)
    if not found:
        raise ChildFailed("npm does not say which registry it uses.", answer)
    answer.unlink()
    return str(found[-1])


def bundle(home: Path, node: Path, cache: Path, children: Children, progress: Progress) -> None:
    """Bundle the front end: a starting Kibana does it before it listens, and needs no Elasticsearch for it."""
    port, nobody_there = free_ports(2)
    scratch = home / ".bundling"
    with step(progress, "Bundling the front end of Kibana, about a minute, this once"):
        child = kibana.start(children, home, node, scratch, port, f"http://127.0.0.1:{nobody_there}")
        child.wait_until(lambda: ask(port, "/api/status") is not None, BUNDLING_SECONDS)
        child.stop()
    shutil.rmtree(scratch)
