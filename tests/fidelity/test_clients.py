"""The official Python clients get the same answers through access-es as from the engine itself."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import running_gateway
from access_es.demo.stack import Engines
from tests.fidelity.client_operations import Work
from tests.running_proxy import KEY, RunningProxy, running_proxy

pytestmark = pytest.mark.engines


@dataclass(frozen=True)
class ClientVariant:
    """A client library, its transport, how it signs in, and whether it sends gzip."""

    engine: str
    library: str
    client: str
    transport: str
    signs_in_by: str
    is_compressing: bool

    def __str__(self) -> str:
        return f"{self.library}-{self.transport.removesuffix('HttpConnection').lower()}-{self.signs_in_by}"


VARIANTS = [
    ClientVariant("elasticsearch", "elasticsearch5", "Elasticsearch", "Urllib3HttpConnection", "basic", False),
    ClientVariant("elasticsearch", "elasticsearch5", "Elasticsearch", "RequestsHttpConnection", "bearer", True),
    ClientVariant("opensearch", "elasticsearch", "Elasticsearch", "Urllib3HttpConnection", "bearer", True),
    ClientVariant("opensearch", "elasticsearch", "Elasticsearch", "RequestsHttpConnection", "basic", False),
    ClientVariant("opensearch", "opensearchpy", "OpenSearch", "Urllib3HttpConnection", "basic", True),
    ClientVariant("opensearch", "opensearchpy", "OpenSearch", "RequestsHttpConnection", "bearer", False),
]


@dataclass(frozen=True)
class EngineAndProxy:
    """An engine's own address, and access-es in front of the signature-checking domain it stands behind."""

    engine: str
    front: RunningProxy


@pytest.fixture(scope="module")
def places(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, EngineAndProxy]]:
    with ExitStack() as open_ones:
        found = {}
        for name, address in (("elasticsearch", engines.elasticsearch), ("opensearch", engines.opensearch)):
            assert address
            gateway = open_ones.enter_context(running_gateway([Credential(*KEY, None)], elasticsearch=address))
            front = open_ones.enter_context(running_proxy(gateway.url, tmp_path_factory.mktemp(name)))
            found[name] = EngineAndProxy(address, front)
        yield found


@contextmanager
def working(way: ClientVariant, address: str, **how: Any) -> Iterator[Work]:
    library: Any = importlib.import_module(way.library)
    helpers: Any = importlib.import_module(f"{way.library}.helpers")
    make = getattr(library, way.client)
    client = make([address], connection_class=getattr(library, way.transport), timeout=60, max_retries=0, **how)
    work = Work(client, helpers, library.NotFoundError, is_typed=way.engine == "elasticsearch")
    work.clean()
    try:
        yield work
    finally:
        work.clean()
        client.transport.close()


def signing_in(way: ClientVariant, front: RunningProxy) -> dict[str, Any]:
    token = front.tokens["alice"]
    return {"http_auth": ("alice", token)} if way.signs_in_by == "basic" else {"headers": dict(front.bearer)}


@pytest.mark.parametrize("way", VARIANTS, ids=str)
def test_a_program_cannot_tell_access_es_from_the_engine(way: ClientVariant, places: dict[str, EngineAndProxy]) -> None:
    """The same work, done twice from nothing, brings the same results at every step."""
    place = places[way.engine]
    with working(way, place.engine) as work:
        directly = work.results()
    with working(way, place.front.url, http_compress=way.is_compressing, **signing_in(way, place.front)) as work:
        through = work.results()
    for step in directly:
        assert through[step] == directly[step], step
    assert len(directly["scan"]) > 700
    assert way.engine == "opensearch" or directly["updates"][0]["updated"] == 300
