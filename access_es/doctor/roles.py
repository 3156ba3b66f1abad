"""Checks the setting PERMISSIONS: whether anybody is limited, and what the roles allow."""

from __future__ import annotations

from collections.abc import Iterator

from access_es.permissions.roles import Permissions, Role
from access_es.provision.finding import Finding, good, warning

_FIX = "set PERMISSIONS: docs/permissions.md has a table to start from"


def check_roles(permissions: Permissions | None) -> Iterator[Finding]:
    """None: the setting is absent."""
    if permissions is None:
        yield warning("roles", "PERMISSIONS is not set: everybody who is signed in may do everything", _FIX)
        return
    if not permissions.roles:
        yield warning("roles", "PERMISSIONS has no roles: nobody may do anything", _FIX)
        return
    shown = "; ".join(f"{role.name} ({_describe(role)})" for role in permissions.roles.values())
    yield good("roles", f"PERMISSIONS is valid. Roles: {shown}")
    given = set(permissions.default).union(*permissions.groups.values())
    if unused := [name for name in permissions.roles if name not in given]:
        what = f"no group has the role{'s' if len(unused) > 1 else ''} {', '.join(unused)}"
        yield warning("roles", what, "name it in PERMISSIONS.groups or PERMISSIONS.default, or remove it")
    if permissions.default:
        yield good("roles", f"Everybody who is signed in has: {', '.join(permissions.default)}")
    if admins := [role.name for role in permissions.roles_of(()) if role.admin]:
        what = f"everybody who is signed in is an administrator, by the role {', '.join(admins)}"
        yield warning("roles", what, "give it to a group in PERMISSIONS.groups, and not in PERMISSIONS.default")


def _describe(role: Role) -> str:
    lists = (("read", role.read), ("write", role.write), ("manage", role.manage))
    parts = [f"{action} {', '.join(patterns)}" for action, patterns in lists if patterns]
    if role.dashboards:
        parts.append(f"dashboards {role.dashboards}")
    if role.admin:
        parts.append("administrators' page")
    return ", ".join(parts) or "nothing"
