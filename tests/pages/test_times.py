"""How points in time are shown."""

from __future__ import annotations

import pytest

from access_es.pages.times import ago, iso, utc

NOW = 1_800_000_000.0


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (-500, "just now"),
        (0, "just now"),
        (59, "just now"),
        (60, "1 minute ago"),
        (119, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (3_600, "1 hour ago"),
        (86_399, "23 hours ago"),
        (86_400, "1 day ago"),
        (29.9 * 86_400, "29 days ago"),
        (30 * 86_400, "2026-12-16"),
    ],
)
def test_the_past_is_told_in_words(passed: float, words: str) -> None:
    assert ago(NOW - passed, NOW) == words


def test_the_exact_time_is_utc() -> None:
    assert (iso(NOW), utc(NOW)) == ("2027-01-15T08:00:00Z", "2027-01-15 08:00 UTC")
