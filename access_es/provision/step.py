"""What provisioning would do: steps, what stands in the way of others, and what has to wait."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One call to AWS. Its parameters may hold a secret, so they hide in `repr`.

    `wait_for` are AWS's reasons to try again a little later, because what an earlier step made is not ready yet;
    `done_if` those that mean that the call, sent twice because its first answer got lost, had been successful.
    """

    what: str
    service: str
    operation: str
    parameters: Mapping[str, Any] = field(repr=False)
    wait_for: tuple[str, ...] = ()
    done_if: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocker:
    """What no step can fix: somebody has to decide something. `fix` says what."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`later` tells what the first deployment has to bring before it can be looked at."""

    steps: tuple[Step, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    later: tuple[str, ...] = ()

    def __add__(self, other: Plan) -> Plan:
        return Plan(self.steps + other.steps, self.blockers + other.blockers, self.later + other.later)
