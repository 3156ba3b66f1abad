"""One setting: a row of the table in `names`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from typing import Any, Literal, TypeVar

from access_es.lazy_dataclass import dataclass

T = TypeVar("T")
Group = Literal[
    "Domain",
    "Sign-in",
    "Single sign-on",
    "Pages",
    "Permissions",
    "Large answers",
    "Long queries",
    "Local server",
    "Deployment",
    "Metrics",
]


@dataclass(frozen=True, slots=True)
class Setting:
    """`parse` turns text into the value, or raises ValueError with what is wrong, without the setting's name.

    required: what to give, where there is no default.
    derive: the default, from the other settings; called where none of those that it `refers_to` has a fault. Raises
        ValueError with why the setting must be given.
    local: what the local stage takes for it; `{state}` is the folder of what it keeps.
    shown_default: the default as the documentation has it, where the value itself does not say it.
    takes_object: whether CONFIG may hold an object or a list for it. It is parsed as JSON text.
    """

    name: str
    parse: Callable[[str], Any]
    default: Any
    group: Group
    meaning: str
    required: str = ""
    derive: Callable[[Any], Any] | None = None
    refers_to: tuple[str, ...] = ()
    local: str = ""
    shown_default: str = ""
    takes_object: bool = False


def setting(
    name: str, parse: Callable[[str], T], default: T, group: Group, meaning: str, *, secret: bool = False, **more: Any
) -> T:
    """A field of `Settings` with its row; `more` are the optional columns of `Setting`. A secret is not in `repr`."""
    row = Setting(name, parse, default, group, meaning, **more)
    return field(default=default, repr=not secret, metadata={"setting": row})
