"""Points in time, as our pages show them."""

from __future__ import annotations

from datetime import UTC, datetime

_UNITS = (("minute", 60), ("hour", 3_600), ("day", 86_400))
_LONGEST_SECONDS = 30 * 86_400


def iso(seconds: float) -> str:
    """For the attribute `datetime` of the element `time`."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def utc(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M UTC")


def ago(seconds: float, now: float) -> str:
    """How long ago, rounded down; the day where that is more than a month. What lies ahead is "just now", too."""
    passed = now - seconds
    if passed < 60:
        return "just now"
    if passed >= _LONGEST_SECONDS:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d")
    unit, length = next(unit for unit in reversed(_UNITS) if passed >= unit[1])
    count = int(passed // length)
    return f"{count} {unit}{'' if count == 1 else 's'} ago"
