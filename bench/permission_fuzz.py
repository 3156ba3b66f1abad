"""Whatever is let through for a limited person never returns, changes or names what is forbidden: on real engines.

`python -m bench.permission_fuzz [--requests 20000] [--seed 1] [--engines es5,os2,es6,es7,os1]`; exit status 1 for a
leak. Reading is tried through a real Kibana 5.1, too.
"""

from __future__ import annotations

import argparse
import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack

from access_es.demo.cache import cache_folder
from bench.permission_engines import KINDS, running_engine
from bench.permission_requests import Maker
from bench.permission_world import Outcome, World, by_path, read_all, write_all

_WRITER_FINE = ("fuzz-1", "fuzz-2", "fuzz-new", "team-1", "team-new", "<fuzz-{now%2Fd}>", "fuzz-*", "team-*")


def fuzz(world: World, requests: int, seed: int, kibana: bool) -> Iterator[tuple[str, Outcome]]:
    """Two thirds of the requests as a reader, one as a writer."""
    world.fill("A")
    reader = Maker(random.Random(seed), world.foreign(), kibana="/_plugin/kibana" if kibana else "")
    yield "reader", read_all(world, [reader.make() for _ in range(requests * 2 // 3)])
    world.fill("A")
    writer = Maker(random.Random(seed + 1), world.foreign(), fine=_WRITER_FINE)
    yield "writer", write_all(world, [writer.make() for _ in range(requests - requests * 2 // 3)])


def fuzz_by_path(world: World, requests: int, seed: int) -> Iterator[tuple[str, Outcome]]:
    world.fill("A")
    maker = Maker(random.Random(seed), world.foreign())
    yield "by path", read_all(world, [maker.make() for _ in range(requests)], by_path)


def report(kind: str, name: str, outcome: Outcome, seconds: float) -> None:
    print(
        f"{kind:4} {name:8} {outcome.made:7,} made {outcome.let_through:7,} let through "
        f"{outcome.answered:7,} answered {len(outcome.leaks):4} leaks {seconds:6.0f} s",
        flush=True,
    )
    for leak in outcome.leaks[:10]:
        print(f"  {leak.why}: {leak.sent}\n    {leak.detail}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--requests", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--engines", default=",".join(KINDS))
    parser.add_argument("--naive", action="store_true", help="judge by the path alone, which leaks")
    options = parser.parse_args()
    cache = cache_folder(os.environ, os.geteuid())
    leaks = 0
    for kind in options.engines.split(","):
        with ExitStack() as stack:
            running = stack.enter_context(running_engine(kind, cache))
            world = World(running.url, running.kibana)
            begun = time.monotonic()
            if options.naive:
                outcomes = fuzz_by_path(world, options.requests, options.seed)
            else:
                outcomes = fuzz(world, options.requests, options.seed, running.kibana is not None)
            for name, outcome in outcomes:
                report(kind, name, outcome, time.monotonic() - begun)
                leaks += len(outcome.leaks)
            world.close()
    return 1 if leaks and not options.naive else 0


if __name__ == "__main__":
    sys.exit(main())
