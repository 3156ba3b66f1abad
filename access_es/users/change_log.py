"""Who changed what: users, groups, passwords, tokens and sessions, newest first, for 400 days."""

from __future__ import annotations

import itertools
import secrets
from collections.abc import Callable
from typing import Protocol

from access_es.lazy_dataclass import dataclass

KEPT_SECONDS = 400 * 86_400
MAX_CHANGES = 100_000  # in a file, and some hundreds; a table forgets by time alone
MAX_DETAIL_CHARACTERS = 1_000
_numbers = itertools.count()
_READ_AT_ONCE, _MOST_READ = 500, 5_000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who changes something. `via` is as in the audit log, or "command": then `name` is the operating system's user."""

    name: str = ""
    via: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """One change. `id` begins with the time, so that ids are in its order; `time` is in seconds since 1970.

    `action` is named like the events of the audit log, and `target` is the user whom it concerns.
    """

    id: str
    time: float
    actor: str
    via: str
    action: str
    target: str
    detail: str = ""


class ChangeLog(Protocol):
    def add(self, change: Change) -> None: ...

    def newest(self, limit: int, before: str = "") -> list[Change]:
        """At most `limit` of those that are kept, newest first; with `before`, only those older than the one of this
        id."""
        ...


@dataclass(frozen=True, slots=True)
class FoundChanges:
    """`older` is the id before which to go on; empty where there are no more."""

    changes: tuple[Change, ...]
    older: str


def make_change(now: float, actor: Actor, action: str, target: str, detail: str = "") -> Change:
    milliseconds = int(now * 1000)
    # Counted, too: a user who is invited is added in the same millisecond, and that came first.
    id = f"{milliseconds:014d}-{next(_numbers) % 10_000:04d}-{secrets.token_hex(4)}"
    return Change(id, milliseconds / 1000, actor.name, actor.via, action, target, detail[:MAX_DETAIL_CHARACTERS])


def find_changes(
    log: ChangeLog, limit: int, before: str = "", wanted: Callable[[Change], bool] = lambda change: True
) -> FoundChanges:
    """The newest `limit` changes that are wanted. At most 5,000 are read; `older` then says where to go on."""
    found: list[Change] = []
    for _ in range(_MOST_READ // _READ_AT_ONCE):
        read = log.newest(_READ_AT_ONCE, before)
        for change in read:
            if wanted(change):
                found.append(change)
            before = change.id
            if len(found) == limit:
                is_last = change is read[-1] and len(read) < _READ_AT_ONCE
                return FoundChanges(tuple(found), "" if is_last else before)
        if len(read) < _READ_AT_ONCE:
            return FoundChanges(tuple(found), "")
    return FoundChanges(tuple(found), before)


def concerns(change: Change, words: str) -> bool:
    """Whether the text is in the name of the actor or of the target, or in the action or the detail."""
    words = words.casefold()
    return any(words in part.casefold() for part in (change.actor, change.target, change.action, change.detail))
