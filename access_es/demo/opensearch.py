"""An OpenSearch 2.19, without plugins and security, for today's clients: they refuse to talk to Elasticsearch 5."""

import shutil
from pathlib import Path

from access_es.demo.engine_user import as_engine_user, change_owner
from access_es.demo.health import cluster_is_ready
from access_es.demo.processes import CLEAN_ENVIRONMENT, Child, Children

JAVA_OPTIONS = "-Xms512m -Xmx512m"
START_SECONDS = 120


def start(children: Children, home: Path, java_home: Path, data: Path, ports: tuple[int, int]) -> Child:
    """Start OpenSearch from its unpacked `home` with what it writes under `data`; `ports` are HTTP, transport."""
    prepare_folders(home, data)
    environment = {
        **CLEAN_ENVIRONMENT,
        "OPENSEARCH_JAVA_HOME": str(java_home),
        "OPENSEARCH_JAVA_OPTS": JAVA_OPTIONS,
        "OPENSEARCH_PATH_CONF": str(data / "conf"),
        "OPENSEARCH_TMPDIR": str(data / "tmp"),
    }
    command = as_engine_user(start_command(home, data, ports))
    return children.start("OpenSearch", command, folder=data, log=data / "output.log", environment=environment)


def wait(child: Child, port: int) -> None:
    """Return when all shards are there."""
    child.wait_until(lambda: cluster_is_ready(port), START_SECONDS)


def prepare_folders(home: Path, data: Path) -> None:
    """Make the folders that OpenSearch writes to, and its scripts executable: a zip does not say that they are."""
    for name in ("data", "logs", "tmp"):
        (data / name).mkdir(parents=True, exist_ok=True)
    shutil.copytree(home / "config", data / "conf", dirs_exist_ok=True)
    change_owner(data)
    for script in (home / "bin").iterdir():
        script.chmod(0o755)


def start_command(home: Path, data: Path, ports: tuple[int, int]) -> list[str]:
    """Return the command line of an OpenSearch on loopback alone."""
    settings = {
        "cluster.name": "access-es-demo",
        "http.port": ports[0],
        "transport.port": ports[1],
        "network.host": "127.0.0.1",
        "discovery.type": "single-node",
        "path.data": data / "data",
        "path.logs": data / "logs",
        "cluster.routing.allocation.disk.threshold_enabled": "false",
    }
    return [str(home / "bin" / "opensearch"), *(f"-E{name}={value}" for name, value in settings.items())]
