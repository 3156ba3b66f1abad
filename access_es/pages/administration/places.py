"""Which function answers which path and method below the administrators' page."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import request
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import MethodNotAllowed, NotFound
from access_es.pages.administration import changes, invite, sessions, tokens, user, users
from access_es.sign_in.identity import Caller

Answer = Callable[[Caller], AnyResponse]

_PLACES: Mapping[str, Mapping[str, Answer]] = {
    "": {"GET": users.show},
    "sessions": {"GET": sessions.show},
    "sessions/end": {"POST": sessions.end},
    "tokens": {"GET": tokens.show},
    "tokens/revoke": {"GET": tokens.ask_to_revoke, "POST": tokens.revoke},
    "changes": {"GET": changes.show},
    "invite": {"GET": invite.show, "POST": invite.add},
    "user": {"GET": user.show},
    "user/groups": {"POST": user.set_groups},
    "user/invite": {"POST": invite.invite_again},
    "user/enable": {"POST": user.enable},
    "user/disable": {"GET": user.ask_to_disable, "POST": user.disable},
    "user/end-sessions": {"GET": user.ask_to_end_sessions, "POST": user.end_sessions},
    "user/remove": {"GET": user.ask_to_remove, "POST": user.remove},
}


def answer(caller: Caller, place: str) -> AnyResponse:
    """`caller` is an administrator. Raises `NotFound` and `MethodNotAllowed` as every other page does."""
    answers = _PLACES.get(place)
    if answers is None:
        raise NotFound
    found = answers.get("GET" if request.method == "HEAD" else request.method)
    if found is None:
        raise MethodNotAllowed
    response = found(caller)
    response.headers.setdefault("Cache-Control", "no-store")
    return response
