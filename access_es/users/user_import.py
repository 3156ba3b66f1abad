"""What an import of users does, decided before anything is written."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from access_es.users.passwords import is_unset
from access_es.users.user import User
from access_es.users.user_file import ListedUser

Action = Literal["add", "update", "keep"]


@dataclass(frozen=True, slots=True)
class ImportStep:
    """What is done with one user: `groups` are those that the user has then; `note` says what is not done."""

    name: str
    action: Action
    groups: tuple[str, ...]
    invites: bool = False
    note: str = ""


def plan_import(
    listed: Iterable[ListedUser], known: Mapping[str, User], *, updates: bool, invites: bool
) -> list[ImportStep]:
    """The steps, in the order of the file. Users whom it does not list are left alone.

    With `invites`, whoever has no password yet gets a link, so that an import can be repeated until all have one.
    """
    return [_step(one, known.get(one.name), updates=updates, invites=invites) for one in listed]


def _step(listed: ListedUser, user: User | None, *, updates: bool, invites: bool) -> ImportStep:
    if user is None:
        return ImportStep(listed.name, "add", listed.groups or (), invites)
    needs_link = invites and is_unset(user.password_hash)
    note = "disabled, so not invited" if needs_link and user.disabled else ""
    is_invited = needs_link and not user.disabled
    if listed.groups is None or set(listed.groups) == set(user.groups):
        return ImportStep(listed.name, "keep", user.groups, is_invited, note)
    if updates:
        return ImportStep(listed.name, "update", listed.groups, is_invited, note)
    differs = "is in other groups; --update changes them"
    return ImportStep(listed.name, "keep", user.groups, is_invited, f"{note}; {differs}" if note else differs)
