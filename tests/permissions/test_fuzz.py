"""Whatever is let through for a limited person never returns, changes or names what is forbidden: a small seed.

`python -m bench.permission_fuzz` does the same at length, on more engines.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from access_es.demo.stack import Engines
from bench.permission_fuzz import fuzz
from bench.permission_requests import Maker
from bench.permission_world import World, by_path, read_all

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
    for outcome in fuzz(world, requests=900, seed=7, kibana=False):
        assert outcome.leaks == ()
        assert outcome.let_through > 40 and outcome.answered > 15


def test_a_rule_on_the_path_alone_is_found_to_leak(world: World) -> None:
    world.fill("A")
    maker = Maker(random.Random(7), world.foreign())
    outcome = read_all(world, [maker.make() for _ in range(300)], by_path)
    assert len(outcome.leaks) > 3
