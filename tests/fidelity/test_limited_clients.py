"""The official Python clients of people with limited roles: what the role allows is as from the engine itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import running_gateway
from access_es.demo.stack import Engines
from tests.fidelity.client_operations import DATE_MATH, DOCUMENTS, ODD_IDS, PREFIX, Work, steady
from tests.fidelity.test_clients import VARIANTS, ClientVariant, EngineAndProxy, working
from tests.running_proxy import KEY, running_proxy

pytestmark = pytest.mark.engines

PERMISSIONS = {
    "roles": {"reader": {"read": [f"{PREFIX}*"]}, "manager": {"manage": [f"{PREFIX}*"]}},
    "groups": {"readers": ["reader"], "managers": ["manager"]},
}
GROUPS = {"rea": "readers", "max": "managers"}
LIMITED = [VARIANTS[0], VARIANTS[4]]


@pytest.fixture(scope="module")
def places(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, EngineAndProxy]]:
    with ExitStack() as open_ones:
        found = {}
        for name, address in (("elasticsearch", engines.elasticsearch), ("opensearch", engines.opensearch)):
            assert address
            gateway = open_ones.enter_context(running_gateway([Credential(*KEY, None)], elasticsearch=address))
            folder = tmp_path_factory.mktemp(f"limited-{name}")
            front = open_ones.enter_context(
                running_proxy(gateway.url, folder, users=tuple(GROUPS), PERMISSIONS=json.dumps(PERMISSIONS))
            )
            for user, group in GROUPS.items():
                assert front.command("users", "groups", user, group).returncode == 0
            found[name] = EngineAndProxy(address, front)
        yield found


def managed(work: Work) -> dict[str, Any]:
    """What a manager of these indices does: all of the work but what concerns templates and the whole cluster."""
    steps: list[Callable[[], Any]] = [
        work.bulk, work.odd_ids, work.scan, work.searches, work.msearch, work.date_math, work.missing, work.bad_query,
        work.updates, work.deletes,
    ]  # fmt: skip
    return {step.__name__: steady(step()) for step in steps}


def read(work: Work) -> dict[str, Any]:
    """What a reader does, on what lies there."""
    client, kind = work.client, work.kind
    rows = [{"_index": PREFIX, "_id": str(number), **work.in_bulk} for number in range(3)]
    return {
        "info": sorted(client.info()),
        "health": client.cluster.health()["status"] in ("green", "yellow"),
        "scan": steady(work.scan()),
        "searches": steady(work.searches()),
        "msearch": steady(work.msearch()),
        "date math": steady(client.search(index=f"<{PREFIX}-{{now/d}}>", ignore=[404])),
        "mget": client.mget(body={"docs": rows}),
        "mget by ids": client.mget(index=PREFIX, body={"ids": ["1", "2"]}, **kind),
        "odd ids": [client.get(index=f"{PREFIX}-ids", id=id, **kind)["_source"] for id in ODD_IDS],
        "exists": [client.exists(index=PREFIX, id=id, **kind) for id in ("1", "none")],
        "source": client.get_source(index=PREFIX, id="1", **kind),
        "count": client.count(index=f"{PREFIX}*", body={"query": {"term": {"index": "secret"}}}),
        "mapping": client.indices.get_mapping(index=PREFIX),
        "cat": client.cat.indices(index=f"{PREFIX}*", h="index,docs.count", s="index"),
        "fields": client.field_caps(index=f"{PREFIX}*", fields="*"),
        "tokens": client.indices.analyze(index=PREFIX, body={"text": "a b"}),
    }


def refused(work: Work) -> list[str]:
    """The reason of each refusal of what only others may do."""
    client, reasons = work.client, []
    calls: list[Callable[[], Any]] = [
        lambda: client.search(index="other"),
        lambda: client.search(),
        lambda: client.index(index=PREFIX, id="1", body={}, **work.kind),
        lambda: client.indices.delete(index=PREFIX),
        lambda: client.cat.indices(),
        lambda: client.msearch(body=[{"index": PREFIX}, {}, {"index": "other"}, {}]),
    ]
    for call in calls:
        with pytest.raises(Exception) as failure:
            call()
        status, kind, facts = failure.value.args
        assert (status, kind) == (403, "forbidden"), failure.value
        reasons.append(facts["error"]["reason"])
    return reasons


def as_user(user: str, place: EngineAndProxy) -> dict[str, Any]:
    return {"http_auth": (user, place.front.tokens[user])}


@pytest.mark.parametrize("way", LIMITED, ids=str)
def test_a_manager_of_some_indices_works_in_them_as_with_the_engine_itself(
    way: ClientVariant, places: dict[str, EngineAndProxy]
) -> None:
    place = places[way.engine]
    with working(way, place.engine) as work:
        work.template()
        directly = managed(work)
    with working(way, place.engine) as setting_up:
        setting_up.template()
        client = type(setting_up.client)
        limited = client([place.front.url], timeout=60, max_retries=0, **as_user("max", place))
        through = managed(Work(limited, setting_up.helpers, setting_up.not_found, is_typed=bool(setting_up.kind)))
    for step in directly:
        assert through[step] == directly[step], step
    assert len(directly["scan"]) > DOCUMENTS / 2


@pytest.mark.parametrize("way", LIMITED, ids=str)
def test_a_reader_reads_as_from_the_engine_itself_and_is_told_why_not(
    way: ClientVariant, places: dict[str, EngineAndProxy]
) -> None:
    place = places[way.engine]
    with working(way, place.engine) as work:
        for prepare in (work.template, work.bulk, work.odd_ids):
            prepare()
        work.client.index(index=DATE_MATH, id="1", body={"a": 1}, refresh=True, **work.kind)
        client = type(work.client)([place.front.url], timeout=60, max_retries=0, **as_user("rea", place))
        limited = Work(client, work.helpers, work.not_found, is_typed=bool(work.kind))
        directly, through = read(work), read(limited)
        for step in directly:
            assert through[step] == directly[step], step
        reasons = refused(limited)
        assert work.client.exists(index=PREFIX, id="1", **work.kind), "nothing was deleted"
    assert all(reason.startswith("rea") for reason in reasons) and "other" in reasons[0] and "line 3" in reasons[-1]
