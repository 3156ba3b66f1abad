"""The setting PERMISSIONS: from JSON text or an object to roles, with all its faults at once."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, cast

from access_es.errors import SettingsError
from access_es.permissions.roles import EVERYTHING, Dashboards, Permissions, Role

SETTING = "PERMISSIONS"
_LISTS = ("read", "write", "manage")
_FLAGS = ("short_links", "admin")
_ROLE_KEYS = (*_LISTS, "dashboards", *_FLAGS, "sign_with")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.@:+-]{0,63}")
_MOST_GROUP_CHARACTERS = 256
_ROLE_ARN = re.compile(r"arn:[a-z-]+:iam::[0-9]{12}:role/[\w+=,.@/-]{1,512}", re.ASCII)
_NOT_IN_NAMES = re.compile(r'[\\/*?"<>|,#:\s\x00-\x1f\x7f]')
# What Kibana and Dashboards keep themselves in: 'dashboards' says who may use that, and `*` includes it.
_SAVED_OBJECTS = (".kibana", ".opensearch_dashboards")


def parse_permissions(value: object) -> Permissions:
    """Read the setting: JSON text, or the object it stands for. Raises a SettingsError with every fault in it.

    `{}` is valid, and allows nobody anything.
    """
    faults: list[str] = []
    if isinstance(value, str):
        value = _load(value, faults)
    if faults:
        raise SettingsError(faults)
    if not isinstance(value, Mapping):
        raise SettingsError([f"{SETTING}: must be an object with roles, groups and default, not {_kind(value)}."])
    permissions = _permissions(value, faults)
    if faults:
        raise SettingsError(faults)
    return permissions


def _load(text: str, faults: list[str]) -> object:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        faults.extend(f"{SETTING}: {key!r} stands there twice." for key in dict.fromkeys(keys) if keys.count(key) > 1)
        return dict(pairs)

    try:
        return json.loads(text, object_pairs_hook=once)
    except (ValueError, RecursionError) as fault:
        faults.append(f"{SETTING}: is not JSON: {fault}.")
        return None


def _permissions(value: Mapping[Any, Any], faults: list[str]) -> Permissions:
    faults.extend(_unknown(value, ("roles", "groups", "default"), SETTING))
    roles = {
        str(name): _role(str(name), entry, f"{SETTING}.roles.{name}", faults)
        for name, entry in _object(value, "roles", faults).items()
        if _is_named(name, f"{SETTING}.roles", faults)
    }
    groups = {
        str(name): _role_names(entry, f"{SETTING}.groups.{name}", roles, faults)
        for name, entry in _object(value, "groups", faults).items()
        if _is_group(name, f"{SETTING}.groups", faults)
    }
    default = _role_names(value.get("default", []), f"{SETTING}.default", roles, faults)
    return Permissions(roles, groups, default)


def _role(name: str, entry: object, place: str, faults: list[str]) -> Role:
    if not isinstance(entry, Mapping):
        faults.append(f'{place}: must be an object such as {{"read": ["logs-*"]}}, not {_kind(entry)}.')
        return Role(name)
    faults.extend(_unknown(entry, _ROLE_KEYS, place))
    read, write, manage = (_patterns(entry.get(key, []), f"{place}.{key}", faults) for key in _LISTS)
    short_links, admin = (_flag(entry.get(key, False), f"{place}.{key}", faults) for key in _FLAGS)
    dashboards = entry.get("dashboards", "")
    if dashboards not in ("", "view", "edit"):
        faults.append(f'{place}.dashboards: must be "view" or "edit", not {_shown(dashboards)}.')
        dashboards = ""
    sign_with = entry.get("sign_with", "")
    if sign_with != "" and not (isinstance(sign_with, str) and _ROLE_ARN.fullmatch(sign_with)):
        faults.append(f"{place}.sign_with: must be the ARN of an IAM role, arn:aws:iam::ACCOUNT:role/NAME.")
        sign_with = ""
    return Role(name, read, write, manage, cast(Dashboards, dashboards), short_links, admin, sign_with)


def _patterns(value: object, place: str, faults: list[str]) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        faults.append(f"{place}: must be a list of index patterns, not {_kind(value)}.")
        return ()
    for number, pattern in enumerate(value):
        fault = _pattern_fault(pattern)
        if fault:
            faults.append(f"{place}[{number}]: {_shown(pattern)} {fault}.")
    return tuple(pattern for pattern in value if isinstance(pattern, str))


def _pattern_fault(pattern: object) -> str | None:
    """What is wrong with a pattern; the rules for names are those of Elasticsearch 5 and later."""
    if not isinstance(pattern, str):
        return "is not text"
    if pattern == EVERYTHING:
        return None
    name = pattern.removesuffix("*")
    if not name:
        return "is empty" if not pattern else "is not a pattern: write * for everything"
    if "*" in name:
        return "may have one * only, at its end"
    if name != name.lower():
        return "can match no index: their names are in lower case"
    if name.startswith(("_", "-", "+")) or _NOT_IN_NAMES.search(name) or not name.isprintable():
        return "can match no index: see the characters that index names may have"
    if _touches_saved_objects(name, pattern):
        return 'would open what Kibana and Dashboards store: give "dashboards" instead'
    return None


def _touches_saved_objects(name: str, pattern: str) -> bool:
    if name.startswith(_SAVED_OBJECTS):
        return True
    return pattern.endswith("*") and any(known.startswith(name) for known in _SAVED_OBJECTS)


def _role_names(value: object, place: str, roles: Mapping[str, Role], faults: list[str]) -> tuple[str, ...]:
    if not isinstance(value, list | tuple):
        faults.append(f"{place}: must be a list of roles, not {_kind(value)}.")
        return ()
    faults.extend(
        f"{place}[{number}]: there is no role {_shown(name)}."
        for number, name in enumerate(value)
        if not (isinstance(name, str) and name in roles)
    )
    return tuple(name for name in value if isinstance(name, str))


def _object(value: Mapping[Any, Any], key: str, faults: list[str]) -> Mapping[Any, Any]:
    entry = value.get(key, {})
    if isinstance(entry, Mapping):
        return entry
    faults.append(f"{SETTING}.{key}: must be an object, not {_kind(entry)}.")
    return {}


def _is_named(name: object, place: str, faults: list[str]) -> bool:
    if isinstance(name, str) and _NAME.fullmatch(name):
        return True
    faults.append(f"{place}: {_shown(name)} is not a name: letters, digits and _ . @ : + - only, 64 at most.")
    return False


def _is_group(name: object, place: str, faults: list[str]) -> bool:
    """Identity providers' names may be a path, a GUID or words: /search/admins, 3f2a…, Search Admins."""
    if isinstance(name, str) and 1 <= len(name) <= _MOST_GROUP_CHARACTERS and name.isprintable():
        return True
    faults.append(f"{place}: {_shown(name)} is not a name: {_MOST_GROUP_CHARACTERS} printable characters at most.")
    return False


def _flag(value: object, place: str, faults: list[str]) -> bool:
    if isinstance(value, bool):
        return value
    faults.append(f"{place}: must be true or false, not {_shown(value)}.")
    return False


def _unknown(value: Mapping[Any, Any], known: Iterable[str], place: str) -> Iterator[str]:
    known = tuple(known)
    for key in value:
        if key not in known:
            yield f"{place}: there is no {_shown(key)}; known are {', '.join(known)}."


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:77] + "..."


def _kind(value: object) -> str:
    kinds = ((bool, "true or false"), (str, "text"), (int | float, "a number"), (list | tuple, "a list"))
    if isinstance(value, Mapping):
        return "an object"
    return next((word for kind, word in kinds if isinstance(value, kind)), "nothing")
