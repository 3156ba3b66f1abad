"""What a request to the engine needs: its route, and what the route's reader finds in it."""

from __future__ import annotations

from collections.abc import Iterator

from access_es.permissions.bodies import Body
from access_es.permissions.call import Call, Sent
from access_es.permissions.cursors import Cursors
from access_es.permissions.readers import everything
from access_es.permissions.roles import Rights
from access_es.permissions.routes import find_route
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Need

UNKNOWN = "it is not one of the requests that are known"


def engine_needs(
    rights: Rights, method: str, segments: tuple[str, ...], query: bytes, body: Body, cursors: Cursors, sent: Sent
) -> Iterator[Need]:
    """What an engine request needs, one after the other; what cannot be judged needs the route's action on `*`."""
    found = find_route(method, segments)
    if found is None:
        yield Need("manage", "*", unsure=UNKNOWN)
        return
    route, parameters = found
    if route.read is everything or rights.patterns(route.action).everything:
        yield Need(route.action, "*")
        return
    try:
        is_silent = True
        for need in route.read(Call(method, parameters, query, body, cursors, sent)):
            is_silent = False
            yield need
        if is_silent:
            raise Unjudgeable("it names no index")
    except Unjudgeable as fault:
        yield Need(route.action, "*", fault.line, fault.why)
