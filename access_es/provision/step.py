"""A plan for provisioning: steps, blockers, and what must wait for the first deployment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One call to AWS. Its parameters may hold a secret, so they hide in `repr`.

    `wait_for` are AWS's reasons to try again a little later, because what an earlier step made is not ready yet;
    `done_if` those that mean that the call, sent twice because its first answer got lost, had been successful;
    `optional_if` those that mean that AWS does not offer this here, which nothing else depends on.
    """

    what: str
    service: str
    operation: str
    parameters: Mapping[str, Any] = field(repr=False)
    wait_for: tuple[str, ...] = ()
    done_if: tuple[str, ...] = ()
    optional_if: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Blocker:
    """A problem that no step can fix, because somebody must decide. `fix` says what to do."""

    what: str
    fix: str


@dataclass(frozen=True, slots=True)
class Plan:
    """`later` names what must wait for the first deployment."""

    steps: tuple[Step, ...] = ()
    blockers: tuple[Blocker, ...] = ()
    later: tuple[str, ...] = ()

    def __add__(self, other: Plan) -> Plan:
        return Plan(self.steps + other.steps, self.blockers + other.blockers, self.later + other.later)
