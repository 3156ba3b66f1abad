"""Which way an answer takes through a door that streams."""

from __future__ import annotations

from dataclasses import replace

import pytest

from access_es.delivery.stream_plan import (
    Collect,
    Compress,
    Known,
    Pass,
    Refuse,
    Spill,
    StreamLimits,
    StreamPlan,
    plan_stream,
)
from access_es.front_doors import streaming_rest

MB = 1024 * 1024
DOOR = StreamLimits()
PLAIN = Known(has_body=True, length_bytes=None, coded_share=None, may_redirect=False, may_store=True)


@pytest.mark.parametrize(
    ("size", "share", "redirect", "store", "plan"),
    [
        (6 * MB, None, True, True, Pass()),
        (6 * MB, 0.1, True, True, Pass()),  # it is never slowed down, and keeps its length
        (6 * MB + 1, 0.1, True, True, Compress()),
        (6 * MB + 1, None, True, True, Pass()),
        (20 * MB, None, True, True, Pass()),
        (20 * MB + 1, None, True, True, Spill()),
        (20 * MB + 1, None, False, True, Pass()),  # opensearch-py, curl, a script: slowly, but here
        (100 * MB, 0.2, True, True, Compress()),  # 20 MB on the wire
        (101 * MB, 0.2, True, True, Spill()),
        (101 * MB, 0.2, False, True, Compress()),
        (200 * MB, None, False, True, Pass()),
        (200 * MB + 1, None, False, True, Spill()),
        (200 * MB + 1, None, False, False, Refuse()),
        (1000 * MB, 0.17, False, False, Refuse()),  # its start may have promised too much
        (1000 * MB, 0.15, False, False, Compress()),
        (0, None, True, True, Pass()),
    ],
)
def test_by_the_length_that_the_domain_announced(
    size: int, share: float | None, redirect: bool, store: bool, plan: StreamPlan
) -> None:
    known = Known(True, size, share, redirect, store)
    assert plan_stream(known, DOOR) == plan


@pytest.mark.parametrize(
    ("share", "redirect", "plan"),
    [(None, True, Collect()), (0.2, True, Collect()), (None, False, Pass()), (0.2, False, Compress())],
)
def test_without_a_length_only_who_can_be_redirected_waits(
    share: float | None, redirect: bool, plan: StreamPlan
) -> None:
    """Once the status is out it cannot become a redirect any more; for anybody else there is nothing to wait for."""
    assert plan_stream(replace(PLAIN, coded_share=share, may_redirect=redirect), DOOR) == plan


def test_what_has_no_body_leaves_as_it_is() -> None:
    """A HEAD may announce any length."""
    assert plan_stream(replace(PLAIN, has_body=False, length_bytes=10**9, may_redirect=True), DOOR) == Pass()


def test_what_the_door_takes_at_least() -> None:
    assert [DOOR.seconds(size * MB) for size in (6, 10, 20, 100, 200)] == [0, 2, 7, 47, 97]
    assert (streaming_rest(300).begin_seconds, streaming_rest(30).begin_seconds) == (240, 24)
