"""The demo's Kibana: 5.1.1 on the Node 6 it was written for, at the base path where Amazon's service has it."""

from pathlib import Path

from access_es.demo.engine_user import as_engine_user, change_owner
from access_es.demo.health import kibana_is_ready
from access_es.demo.processes import CLEAN_ENVIRONMENT, Child, Children

BASE_PATH = "/_plugin/kibana"
START_SECONDS = 180
REQUEST_TIMEOUT_MILLISECONDS = 300_000
"""As Amazon's own Kibana has it: a query may take five minutes (the default is 30 s)."""


def start(children: Children, home: Path, node: Path, data: Path, port: int, elasticsearch_url: str) -> Child:
    """Start Kibana from its prepared `home`; its links have `BASE_PATH`, but it must be asked without it."""
    (data / "data").mkdir(parents=True, exist_ok=True)
    change_owner(data)
    command = as_engine_user(start_command(home, node, data, port, elasticsearch_url))
    environment = {**CLEAN_ENVIRONMENT, "NODE_ENV": "production", "HOME": str(data)}
    return children.start("Kibana", command, folder=home, log=data / "output.log", environment=environment)


def wait(child: Child, port: int) -> None:
    """Return when it and its Elasticsearch have found each other."""
    child.wait_until(lambda: kibana_is_ready(port), START_SECONDS)


def start_command(home: Path, node: Path, data: Path, port: int, elasticsearch_url: str) -> list[str]:
    """Return the command line of a Kibana on loopback alone."""
    settings = {
        "server.host": "127.0.0.1",
        "server.port": port,
        "server.basePath": BASE_PATH,
        "elasticsearch.url": elasticsearch_url,
        "elasticsearch.requestTimeout": REQUEST_TIMEOUT_MILLISECONDS,
        "kibana.defaultAppId": "discover",
        "path.data": data / "data",
        "logging.json": "false",
    }
    return [
        str(node / "bin" / "node"),
        # Bundling the front end needs more than the 1.4 GB that Node 6 allows itself.
        "--max-old-space-size=4096",
        str(home / "src" / "cli"),
        *(f"--{name}={value}" for name, value in settings.items()),
    ]
