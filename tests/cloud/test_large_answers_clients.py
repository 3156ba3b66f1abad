"""The official Python clients and answers too large for a door: who follows the redirect, and who need not."""

from __future__ import annotations

import hashlib
import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.cloud.front_door import LambdaFrontDoor, OpenLambdaDoor
from tests.cloud.test_large_answers import DOORS, SIZES, digest_of

pytestmark = pytest.mark.cloud

LARGE = 9_000_000
LIBRARIES = {
    "opensearch-py": ("opensearchpy", "OpenSearch"),
    "elasticsearch-py 7": ("elasticsearch", "Elasticsearch"),
    "elasticsearch-py 5": ("elasticsearch5", "Elasticsearch"),
}


@contextmanager
def client(library: str, door: LambdaFrontDoor, transport: str = "Urllib3HttpConnection", **how: Any) -> Iterator[Any]:
    module_name, name = LIBRARIES[library]
    module: Any = importlib.import_module(module_name)
    made = getattr(module, name)(
        [door.url], headers=dict(door.bearer), connection_class=getattr(module, transport), timeout=60, max_retries=0, **how
    )  # fmt: skip
    try:
        yield made
    finally:
        made.transport.close()


def search(made: Any, kind: str, size: int) -> Any:
    """What the client makes of an answer of JSON text, which it parses, or of another, which it leaves."""
    parameters = {"size": str(size), "kind": kind, "type": "application/json" if kind == "json" else "text/plain"}
    answer = made.transport.perform_request("GET", "/_demo/giant", params=parameters)
    return answer[1] if isinstance(answer, tuple) else answer


@pytest.mark.parametrize("door", DOORS)
def test_every_byte_reaches_a_client_that_follows(lambda_door: OpenLambdaDoor, door: str) -> None:
    with client("opensearch-py", lambda_door(door), "RequestsHttpConnection") as made:
        for size in SIZES:
            parameters = {"size": str(size), "kind": "json", "type": "text/plain"}  # which the client does not parse
            text = made.transport.perform_request("GET", "/_demo/giant", params=parameters)
            assert hashlib.sha256(text.encode()).hexdigest() == digest_of("json", size)


@pytest.mark.parametrize("library", LIBRARIES)
def test_with_requests_as_their_transport_they_follow(lambda_door: OpenLambdaDoor, library: str) -> None:
    with client(library, lambda_door("rest"), "RequestsHttpConnection") as made:
        assert len(search(made, "json", LARGE)["hits"]["hits"]) > 40_000


@pytest.mark.parametrize("library", LIBRARIES)
def test_with_their_own_transport_they_see_the_redirect_as_an_error(lambda_door: OpenLambdaDoor, library: str) -> None:
    failure: type[Exception] = importlib.import_module(LIBRARIES[library][0]).TransportError
    with client(library, lambda_door("rest")) as made, pytest.raises(failure) as raised:
        search(made, "json", LARGE)
    assert raised.value.args[0] == 303


@pytest.mark.parametrize("library", ["opensearch-py", "elasticsearch-py 7"])
@pytest.mark.parametrize("size", [LARGE, 30_000_000])
def test_with_compression_most_need_no_redirect_at_all(lambda_door: OpenLambdaDoor, library: str, size: int) -> None:
    with client(library, lambda_door("rest"), http_compress=True) as made:
        found = search(made, "json", size)
    assert len(found["hits"]["hits"]) == found["hits"]["total"] > size // 210
