"""The decision on one request, by what the caller's roles allow."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from access_es.permissions.bodies import Body
from access_es.permissions.call import Sent
from access_es.permissions.cursors import Cursors
from access_es.permissions.dashboards import dashboards_needs, split_prefix
from access_es.permissions.engine import engine_needs
from access_es.permissions.names import first_outside, one_name_outside
from access_es.permissions.roles import Action, Rights, Role, rights_of
from access_es.permissions.target import read_path
from access_es.permissions.turns import Turns
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Allowed, Need, Refused, Request, Verdict, shown

_MOST_NAMES = 64
_DATA_ACTIONS = ("read", "write", "manage")


def judge(roles: tuple[Role, ...], request: Request, cursors: Cursors) -> Verdict:
    """Whether a caller with these roles may send this request; `cursors` are the caller's own.

    Roles that allow everything decide without a look at the request. Callers ask `roles.is_unlimited` first, to build
    nothing for them.
    """
    rights = rights_of(roles)
    if rights.is_unlimited:
        return _allowed(rights, [Need("manage", "*")], Sent(request.target))
    sent = Sent(request.target)
    met: dict[Need, None] = {}
    turns = Turns()
    for need in _needs(rights, request, cursors, sent):
        turns.give()
        missing = _missing(rights, need)
        if missing is not None:
            return _refused(rights, request, missing)
        if len(met) < _MOST_NAMES:
            met[Need(need.action, need.name)] = None
        else:
            met[Need(need.action, _pattern(rights, need))] = None
    return _allowed(rights, list(met), sent)


def still_allowed(roles: tuple[Role, ...], needs: tuple[Need, ...]) -> Need | None:
    """The first of the needs of an earlier request that these roles do not meet (any more); None if all are met."""
    rights = rights_of(roles)
    return next((missing for need in needs if (missing := _missing(rights, need))), None)


def _needs(rights: Rights, request: Request, cursors: Cursors, sent: Sent) -> Iterator[Need]:
    if not rights.roles:
        yield Need("any")
        return
    raw_path, _, query = request.target.partition(b"?")
    body = Body(request.body, request.headers)
    try:
        path = read_path(raw_path)
    except Unjudgeable as fault:
        yield Need("manage", "*", unsure=fault.why)
        if _may_be_dashboards(raw_path):
            yield Need("edit")
        return
    behind = split_prefix(path)
    if behind is not None:
        yield from dashboards_needs(rights, request.method, behind, query, body, cursors, sent)
    elif rights.is_admin:
        yield Need("manage", "*")
    else:
        yield from engine_needs(rights, request.method, path, query, body, cursors, sent)


def _may_be_dashboards(raw_path: bytes) -> bool:
    plain = unquote_to_bytes(raw_path).lower()
    return b"_plugin" in plain or b"_dashboards" in plain


def _missing(rights: Rights, need: Need) -> Need | None:
    """The part of a need that the rights do not meet."""
    match need.action:
        case "view":
            return None if rights.may_view else need
        case "edit":
            return None if rights.may_edit else need
        case "any":
            return None if rights.roles else need
        case "write":
            outside = one_name_outside(rights.patterns("write"), need.name)
        case action:
            outside = first_outside(rights.patterns(action), need.name)
    return None if outside is None else Need(need.action, outside, need.line, need.unsure)


def _allowed(rights: Rights, met: list[Need], sent: Sent) -> Allowed:
    first = max(met, key=lambda need: (need.action in _DATA_ACTIONS, need.action == "edit"), default=Need("any"))
    if first.action not in _DATA_ACTIONS:
        rule = "" if first.action == "any" else f"dashboards {first.action}"
        holders = [role.name for role in rights.roles if first.action == "any" or role.dashboards]
        return Allowed(rule, holders[0] if holders else "", tuple(met), sent.target, sent.body, sent.opens)
    pattern = _pattern(rights, first)
    role = next((role.name for role in rights.roles if pattern in role.patterns(_action(first))), "")
    return Allowed(f"{first.action} {pattern}", role, tuple(met), sent.target, sent.body, sent.opens)


def _pattern(rights: Rights, need: Need) -> str:
    """The pattern that allows a need: the first that covers the first of its names."""
    if need.action not in _DATA_ACTIONS:
        return need.name
    name = need.name.split(",")[0].lstrip("<")
    patterns = rights.patterns(_action(need)).all
    return next((p for p in patterns if p == name or (p.endswith("*") and name.startswith(p[:-1]))), need.name)


def _action(need: Need) -> Action:
    return need.action  # type: ignore[return-value]


def _refused(rights: Rights, request: Request, need: Need) -> Refused:
    path = request.target.partition(b"?")[0].decode("latin-1")
    allowed = rights.patterns(_action(need)).all if need.action in _DATA_ACTIONS else ()
    return Refused(need, f"{request.method} {shown(path)}", tuple(role.name for role in rights.roles), allowed)
