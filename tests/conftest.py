"""Fixtures for all tests: a gateway that knows KEY, and a real access-es in front of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import RunningGateway, running_gateway
from tests.groups import ENGINES, ByGroup, group, order
from tests.running_proxy import KEY, RunningProxy, running_proxy

# Whatever asks for one of these has servers started, or waits in real time.
_SERVERS = frozenset(
    (
        "attacked",
        "bad",
        "domain",
        "door",
        "front",
        "function",
        "gateway",
        "moto_url",
        "place",
        "probe",
        "proxy",
        "server",
    )
)
pytest_plugins = ["tests.engines", "tests.moto_server", "tests.storage.dynamodb_tables"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        names, file = set(getattr(item, "fixturenames", ())), item.nodeid.partition("::")[0]
        if _SERVERS & names:
            item.add_marker(pytest.mark.servers)
        if "engines" in names and group(file) != ENGINES:
            raise pytest.UsageError(f"{file} asks for the engines and is not marked so: pytest.mark.engines")
    items.sort(key=lambda item: order(item.nodeid.partition("::")[0]))


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByGroup | None:
    return ByGroup(config, log) if config.getoption("dist") == "loadscope" else None


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    """A domain of `/_demo/` alone, which verifies every signature."""
    with running_gateway([Credential(*KEY, None)]) as running:
        yield running


@pytest.fixture(scope="module")
def proxy(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    """access-es in front of `gateway`, with the users alice and bob."""
    with running_proxy(gateway.url, tmp_path_factory.mktemp("proxy"), users=("alice", "bob")) as running:
        yield running
