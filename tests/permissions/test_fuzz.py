"""Whatever is let through for a limited person never returns, changes or names what is forbidden: a small seed.

`python -m bench.permission_fuzz` does the same at length, on more engines.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from access_es.demo.stack import Engines
from bench.permission_fuzz import fuzz, fuzz_by_path
from bench.permission_world import World

pytestmark = [pytest.mark.engines, pytest.mark.heavy]


@pytest.fixture(params=["elasticsearch", "opensearch"])
def world(request: pytest.FixtureRequest, engines: Engines) -> Iterator[World]:
    """The engine's own paths; other tests use it meanwhile."""
    url = getattr(engines, request.param)
    world = World(url, shared=True)
    try:
        yield world
    finally:
        world.clear()
        world.close()


def test_nothing_forbidden_is_read_or_changed(world: World) -> None:
    for _, outcome in fuzz(world, requests=400, seed=7, kibana=False):
        assert outcome.leaks == ()
        assert outcome.let_through > 20 and outcome.answered > 5


@pytest.mark.parametrize("world", ["elasticsearch"], indirect=True)
def test_a_rule_on_the_path_alone_is_found_to_leak(world: World) -> None:
    ((_, outcome),) = fuzz_by_path(world, requests=300, seed=7)
    assert outcome.leaks
