"""The engines of the demo domain, all of them or some, for as long as a `with` block lasts."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from access_es.demo import archives, elasticsearch, kibana_install
from access_es.demo import kibana as kibana_server
from access_es.demo import opensearch as opensearch_server
from access_es.demo.cache import exclusive_lock, shared_lock
from access_es.demo.engine_user import make_reachable
from access_es.demo.machine import check_machine
from access_es.demo.processes import Children, free_ports
from access_es.demo.progress import Progress, step


@dataclass(frozen=True)
class Engines:
    """Base URLs on loopback, `None` for what was not asked for. Kibana's expects paths without its base path."""

    elasticsearch: str | None
    kibana: str | None
    opensearch: str | None


@contextmanager
def running_engines(
    cache: Path,
    progress: Progress,
    *,
    kibana: bool = True,
    opensearch: bool = False,
    keep_data: bool = True,
) -> Iterator[Engines]:
    """Run Elasticsearch and what else is asked for; everything has ended when the block has, however it ends.

    `cache` is where parts are kept, and the data too when `keep_data`; otherwise the data is empty at first and
    thrown away at the end. Raises `DemoUnavailable` when this machine cannot run them.
    """
    check_machine(kibana=kibana)
    make_reachable(cache)
    with (
        data_folder(cache, keep=keep_data) as data,
        exclusive_lock(data, progress) as lock,
        Children([lock]) as children,
    ):
        start = Start(cache, data, children, progress)
        with shared_lock(cache / "prepare.lock", progress):
            engines = Engines(
                elasticsearch=(elasticsearch_url := start.elasticsearch()),
                opensearch=start.opensearch() if opensearch else None,
                kibana=start.kibana(elasticsearch_url) if kibana else None,
            )
        with step(progress, f"Starting {', '.join(start.names)}"):
            start.wait()
        yield engines


@contextmanager
def data_folder(cache: Path, *, keep: bool) -> Iterator[Path]:
    """Yield the folder for the engines' data: one in the cache, or one that is thrown away."""
    if keep:
        make_reachable(cache / "data")
        yield cache / "data"
        return
    with tempfile.TemporaryDirectory(prefix="access-es-demo-", ignore_cleanup_errors=True) as scratch:
        make_reachable(Path(scratch))
        yield Path(scratch)


@dataclass
class Start:
    """Starts one engine after the other without waiting, so that they come up while the next one is prepared."""

    cache: Path
    data: Path
    children: Children
    progress: Progress
    names: list[str] = field(default_factory=list)
    waits: list[Callable[[], None]] = field(default_factory=list)

    def elasticsearch(self) -> str:
        home = archives.unpacked(archives.ELASTICSEARCH, self.cache, self.children, self.progress)
        http, transport = free_ports(2)
        child = elasticsearch.start(self.children, home, self._java(), self.data / "elasticsearch", (http, transport))
        return self._started("Elasticsearch", http, lambda: elasticsearch.wait(child, http))

    def opensearch(self) -> str:
        home = archives.unpacked(archives.OPENSEARCH, self.cache, self.children, self.progress)
        http, transport = free_ports(2)
        child = opensearch_server.start(self.children, home, self._java(), self.data / "opensearch", (http, transport))
        return self._started("OpenSearch", http, lambda: opensearch_server.wait(child, http))

    def kibana(self, elasticsearch_url: str) -> str:
        node = archives.unpacked(archives.NODE, self.cache, self.children, self.progress)
        home = kibana_install.prepared(self.cache, node, self.children, self.progress)
        (port,) = free_ports(1)
        child = kibana_server.start(self.children, home, node, self.data / "kibana", port, elasticsearch_url)
        return self._started("Kibana", port, lambda: kibana_server.wait(child, port))

    def wait(self) -> None:
        """Return when all of them are healthy."""
        for wait in self.waits:
            wait()

    def _java(self) -> Path:
        return archives.java(self.cache, self.progress)

    def _started(self, name: str, port: int, wait: Callable[[], None]) -> str:
        self.names.append(name)
        self.waits.append(wait)
        return f"http://127.0.0.1:{port}"
