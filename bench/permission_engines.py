"""Engines of several lines for the permissions bench, each alone, with nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from access_es.demo import opensearch
from access_es.demo.archives import Part, java, unpacked
from access_es.demo.elasticsearch import JAVA_OPTIONS, OPENED_PACKAGES, START_SECONDS
from access_es.demo.engine_user import as_engine_user, change_owner, make_reachable
from access_es.demo.health import cluster_is_ready
from access_es.demo.processes import Child, Children, free_ports
from access_es.demo.stack import Start, data_folder

_ELASTIC = "org.elasticsearch.distribution.integ-test-zip:elasticsearch:zip"
_OPENSEARCH = "org.opensearch.distribution.integ-test-zip:opensearch:zip"
# Apache-2.0 builds without modules. OpenSearch 3 needs Java 21, which the demo does not bring.
_PARTS = {
    "es6": Part(
        "Elasticsearch", "6.8.0", f"{_ELASTIC}:6.8.0", "sha256-zptVNbvjOJLNZA1uaJSrGZalzPK5mHIaU5p5Ck/HpCQ=", 29
    ),
    "es7": Part(
        "Elasticsearch", "7.10.2", f"{_ELASTIC}:7.10.2", "sha256-OKQjKpuFBiNciitqJM3zcyssKqS4AmyJBj4DimEMn0w=", 31
    ),
    "os1": Part(
        "OpenSearch", "1.3.20", f"{_OPENSEARCH}:1.3.20", "sha256-Ax4M3NFMeluZB9/4BQ//dsfCiSxzE+qDxKC/uq6SZeM=", 35
    ),
}
KINDS = ("es5", "os2", *_PARTS)


@dataclass(frozen=True)
class Running:
    url: str
    kibana: str | None = None


@contextmanager
def running_engine(kind: str, cache: Path) -> Iterator[Running]:
    """One engine on loopback; Elasticsearch 5 comes with its Kibana."""
    make_reachable(cache)
    with data_folder(cache, keep=False) as data, Children([]) as children:
        start = Start(cache, data, children, _tell)
        if kind == "es5":
            url = start.elasticsearch()
            running = Running(url, start.kibana(url))
            start.wait()
        elif kind == "os2":
            running = Running(start.opensearch())
            start.wait()
        else:
            running = _start(kind, cache, data, children)
        yield running


def _start(kind: str, cache: Path, data: Path, children: Children) -> Running:
    part = _PARTS[kind]
    home, java_home = unpacked(part, cache, children, _tell), java(cache, _tell)
    http, transport = free_ports(2)
    if part.name == "OpenSearch":
        child = opensearch.start(children, home, java_home, data / kind, (http, transport))
    else:
        opensearch.prepare_folders(home, data / kind)
        child = _elasticsearch(children, home, java_home, data / kind, (http, transport))
    child.wait_until(lambda: cluster_is_ready(http), START_SECONDS)
    return Running(f"http://127.0.0.1:{http}")


def _elasticsearch(children: Children, home: Path, java_home: Path, data: Path, ports: tuple[int, int]) -> Child:
    """Elasticsearch 6 and 7, started as 5 is, with the folder of the configuration as a property of Java."""
    settings = {
        "http.port": ports[0], "transport.port" if "7." in home.name else "transport.tcp.port": ports[1],
        "network.host": "127.0.0.1", "discovery.type": "single-node", "path.data": data / "data",
        "path.logs": data / "logs", "cluster.routing.allocation.disk.threshold_enabled": "false",
    }  # fmt: skip
    change_owner(data)
    command = [
        str(java_home / "bin" / "java"), *JAVA_OPTIONS, f"-Djava.io.tmpdir={data / 'tmp'}",
        f"-Djna.tmpdir={data / 'tmp'}",
        f"-Des.path.home={home}", f"-Des.path.conf={data / 'conf'}", "-Des.distribution.flavor=oss",
        "-Des.distribution.type=zip", *(f"--add-opens={package}=ALL-UNNAMED" for package in OPENED_PACKAGES),
        "-cp", f"{home}/lib/*", "org.elasticsearch.bootstrap.Elasticsearch",
        *(f"-E{name}={value}" for name, value in settings.items()),
    ]  # fmt: skip
    return children.start("Elasticsearch", as_engine_user(command), folder=data, log=data / "output.log")


def _tell(text: str) -> None:
    print(text, flush=True)
