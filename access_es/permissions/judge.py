"""The decision on one request, by what the caller's roles allow."""

from __future__ import annotations

from access_es.permissions.cursors import Cursors
from access_es.permissions.roles import Rights, Role, rights_of
from access_es.permissions.verdict import Allowed, Need, Refused, Request, Verdict, shown

_UNKNOWN = "it is not one of the requests that are known"


def judge(roles: tuple[Role, ...], request: Request, cursors: Cursors) -> Verdict:
    """Whether a caller with these roles may send this request; `cursors` are the caller's own.

    Roles that allow everything decide without a look at the request. Callers ask `roles.is_unlimited` first, to build
    nothing for them.
    """
    rights = rights_of(roles)
    if rights.is_unlimited:
        return Allowed("manage *", _holder(rights, "manage", "*"))
    return _refused(rights, request, Need("manage", "*", unsure=_UNKNOWN))


def still_allowed(roles: tuple[Role, ...], needs: tuple[Need, ...]) -> Need | None:
    """The first of the needs of an earlier request that these roles do not meet (any more); None if all are met."""
    rights = rights_of(roles)
    return next((need for need in needs if not _meets(rights, need)), None)


def _meets(rights: Rights, need: Need) -> bool:
    match need.action:
        case "view":
            return rights.may_view
        case "edit":
            return rights.may_edit
        case "any":
            return bool(rights.roles)
        case _:
            return rights.patterns(need.action).cover(need.name)


def _holder(rights: Rights, action: str, pattern: str) -> str:
    return next((role.name for role in rights.roles if pattern in getattr(role, action)), "")


def _refused(rights: Rights, request: Request, need: Need) -> Refused:
    path = request.target.partition(b"?")[0].decode("latin-1")
    allowed = rights.patterns(need.action).all if need.action in ("read", "write", "manage") else ()
    return Refused(need, f"{request.method} {shown(path)}", tuple(role.name for role in rights.roles), allowed)
