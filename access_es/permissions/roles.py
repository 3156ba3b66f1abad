"""Roles and what they add up to. Allow only, additive: nobody may do what no role says.

Patterns are a name, `prefix*`, or `*` for everything, dot indices included. `manage` includes `write`, and `write`
includes `read`: an update gives the document back. `manage` on `*` is full administration of the engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from functools import cached_property, lru_cache
from typing import Literal

from access_es.lazy_dataclass import dataclass

Action = Literal["read", "write", "manage"]
Dashboards = Literal["", "view", "edit"]
EVERYTHING = "*"
_MANAGES_USERS = "You may manage the users of this site, their tokens and sessions."


@dataclass(frozen=True, slots=True)
class Role:
    """One role of the setting. `admin` opens our own administration pages, `sign_with` is the ARN of an IAM role."""

    name: str
    read: tuple[str, ...] = ()
    write: tuple[str, ...] = ()
    manage: tuple[str, ...] = ()
    dashboards: Dashboards = ""
    short_links: bool = False  # a viewer may also make short links, which is a write of saved objects
    admin: bool = False
    sign_with: str = ""

    def patterns(self, action: Action) -> tuple[str, ...]:
        """What it allows `action` on, with what other actions include."""
        match action:
            case "read":
                return (*self.read, *self.write, *self.manage)
            case "write":
                return (*self.write, *self.manage)
            case "manage":
                return self.manage


@dataclass(frozen=True, slots=True)
class Permissions:
    """The whole setting: roles by name, the roles of each group, and the roles of everybody who is signed in."""

    roles: Mapping[str, Role] = field(default_factory=dict)
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    default: tuple[str, ...] = ()

    def roles_of(self, groups: Iterable[str], only: Iterable[str] | None = None) -> tuple[Role, ...]:
        """The roles of somebody in `groups`, each once, in the order of the setting.

        `only` narrows them to the names in it, as a token does: it never adds one. Unknown groups give nothing.
        """
        names = set(self.default).union(*(self.groups.get(group, ()) for group in groups))
        if only is not None:
            names &= set(only)
        return tuple(role for name, role in self.roles.items() if name in names)

    @property
    def signing_roles(self) -> tuple[str, ...]:
        """The ARNs of the IAM roles that sign requests, each once."""
        return tuple(dict.fromkeys(role.sign_with for role in self.roles.values() if role.sign_with))

    def named(self, names: Iterable[str]) -> tuple[Role, ...]:
        """The roles of these names, and no others."""
        return tuple(self.roles[name] for name in dict.fromkeys(names) if name in self.roles)


class Patterns:
    """What an action is allowed on, ready to be asked for many names."""

    def __init__(self, patterns: Iterable[str]) -> None:
        self.all = tuple(dict.fromkeys(patterns))
        self.everything = EVERYTHING in self.all
        self._names = frozenset(pattern for pattern in self.all if not pattern.endswith("*"))
        self._prefixes = tuple(pattern[:-1] for pattern in self.all if pattern.endswith("*"))

    def cover(self, name: str) -> bool:
        """Whether a name, or a pattern with `*`, lies inside one of these patterns."""
        return name in self._names or self.cover_start(name)

    def cover_start(self, start: str) -> bool:
        """Whether every name that begins with `start` lies inside one of these patterns."""
        return start.startswith(self._prefixes)


class Rights:
    """What several roles allow together."""

    def __init__(self, roles: tuple[Role, ...]) -> None:
        self.roles = roles
        self.may_view = any(role.dashboards for role in roles)
        self.may_edit = any(role.dashboards == "edit" for role in roles)
        self.may_shorten = self.may_edit or any(role.dashboards and role.short_links for role in roles)
        self.is_admin = EVERYTHING in self.patterns("manage").all
        self.is_unlimited = self.is_admin and self.may_edit

    def patterns(self, action: Action) -> Patterns:
        return self._by_action[action]

    @cached_property
    def _by_action(self) -> dict[Action, Patterns]:
        actions: tuple[Action, ...] = ("read", "write", "manage")
        return {action: Patterns(p for role in self.roles for p in role.patterns(action)) for action in actions}


@lru_cache(maxsize=256)
def rights_of(roles: tuple[Role, ...]) -> Rights:
    """The rights of these roles together, worked out once."""
    return Rights(roles)


def is_unlimited(roles: tuple[Role, ...]) -> bool:
    """Whether these roles may do everything: nothing of a request needs to be looked at then."""
    return rights_of(roles).is_unlimited


def describe(roles: tuple[Role, ...]) -> tuple[str, ...]:
    """What these roles allow, as sentences for people."""
    rights = rights_of(roles)
    if not roles:
        return ("You have no role, so nothing is allowed.",)
    manages_users = (_MANAGES_USERS,) if any(role.admin for role in roles) else ()
    if rights.is_unlimited:
        return ("You may do everything.", *manages_users)
    said = ["You may administer the whole domain."] if rights.is_admin else list(_by_action(rights))
    if rights.may_edit:
        said.append("You may use Dashboards, and save in it.")
    elif rights.may_view:
        said.append("You may look at Dashboards, without saving.")
    return (*said, *manages_users)


def _by_action(rights: Rights) -> Iterable[str]:
    verbs: tuple[tuple[Action, str], ...] = (("manage", "manage"), ("write", "write to"), ("read", "read"))
    said: set[str] = set()
    for action, verb in verbs:
        patterns = [pattern for pattern in rights.patterns(action).all if pattern not in said]
        said.update(patterns)
        if patterns:
            shown = ", ".join("every index" if pattern == EVERYTHING else pattern for pattern in patterns)
            yield f"You may {verb} {shown}."
