"""Two users at once, two hundred threads, changing AWS keys and a midnight: nobody ever sees what is another's."""

from __future__ import annotations

import os
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from access_es.demo.running_gateway import RunningGateway, running_gateway
from tests.fidelity.rotating_keys import RotatingKeys
from tests.fidelity.sessions import sign_in
from tests.fidelity.two_users import USERS, Findings, UserThread, gather
from tests.running_proxy import RunningProxy, running_proxy

pytestmark = pytest.mark.heavy

SECONDS = 60.0 if os.environ.get("LONG") else 15.0
THREADS = 200


def seconds_to_midnight_in(seconds: float) -> float:
    """How far ahead a clock must be to strike midnight after so many seconds."""
    now = datetime.now(UTC)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - now).total_seconds() - seconds


@dataclass
class Watched:
    """The days and the keys of the signatures that were good, noted once a second."""

    dates: set[str] = field(default_factory=set)
    keys: set[str] = field(default_factory=set)

    def watch(self, gateway: RunningGateway, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            time.sleep(1)
            for seen in gateway.log.last(500):
                if seen.access_key:
                    self.dates.add(str(seen.at.date()))
                    self.keys.add(seen.access_key)


def load(front: RunningProxy, meanwhile: Callable[[], None]) -> Findings:
    """Half of the threads are one user's, half of those with a session cookie."""
    stop = threading.Event()
    ways = {
        user: ({"Cookie": sign_in(front, user)}, {"Authorization": f"Bearer {front.tokens[user]}"}) for user in USERS
    }
    visitors = []
    for number in range(THREADS):
        user = USERS[number % 2]
        visitors.append(UserThread(front, user, number, ways[user][number // 2 % 2], stop))
    for visitor in visitors:
        visitor.start()
    meanwhile()
    stop.set()
    return gather(visitors)


def count_lines(front: RunningProxy, expected: int) -> Counter[str]:
    """Each user's audit lines of the load, once the last one is written."""
    deadline = time.monotonic() + 20
    while True:
        counts = Counter(line["user"] for line in front.audit() if line["path"].startswith("/_demo/"))
        if counts.total() >= expected or time.monotonic() > deadline:
            return counts
        time.sleep(0.2)


def test_nobody_sees_what_is_anothers_while_keys_change_and_midnight_passes(tmp_path: Path) -> None:
    keys = RotatingKeys(tmp_path / "keys")
    shift = seconds_to_midnight_in(SECONDS / 2 + 4)
    with (
        running_gateway([keys.made[0]]) as gateway,
        running_proxy(
            gateway.url, tmp_path, users=USERS, workers=2, program="tests.fidelity.shifted_proxy",
            CLOCK_SHIFT_SECONDS=str(shift), **keys.environment,
        ) as front,
    ):  # fmt: skip
        gateway.shift_clock(shift)
        rotating = threading.Thread(target=keys.keep_rotating, args=(gateway,))
        rotating.start()
        watched = Watched()
        found = load(front, lambda: watched.watch(gateway, SECONDS))
        keys.stop()
        rotating.join(10)
        lines = count_lines(front, found.answered.total() + found.abandoned.total())
    assert found.faults == []
    assert lines == found.answered + found.abandoned
    assert min(found.answered.values()) > SECONDS * 10
    # The domain had just declared some keys expired: those requests were signed again.
    assert set(gateway.log.counts()) <= {"verified", "expired_token"}
    assert len(watched.dates) == 2
    assert len(watched.keys) >= SECONDS / 4
