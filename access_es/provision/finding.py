"""Findings: the lines of the doctor's report."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

from access_es.errors import SettingsError

Level = Literal["good", "unknown", "warning", "fault"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`topic` is what was looked at, `fix` the command, setting or policy that puts it right."""

    topic: str
    level: Level
    says: str
    fix: str = ""

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def good(topic: str, says: str) -> Finding:
    return Finding(topic, "good", says)


def fault(topic: str, says: str, fix: str) -> Finding:
    return Finding(topic, "fault", says, fix)


def warning(topic: str, says: str, fix: str) -> Finding:
    return Finding(topic, "warning", says, fix)


def unknown(topic: str, says: str, fix: str = "") -> Finding:
    return Finding(topic, "unknown", says, fix)


def setting_faults(error: SettingsError, place: str, also: str = "") -> Iterable[Finding]:
    """Each fault begins with the setting's name, and says what it wants. `also` is where settings may stand, too; a
    region to deploy to is none."""
    for one in error.faults:
        where = place if one.startswith("aws_region") else place + also
        yield fault("settings", one.rstrip("."), f"change it in {where}")
