"""Users, sessions, tokens and changes as JSON fields, in commands and on pages. Nothing secret is among them."""

from __future__ import annotations

from datetime import UTC, datetime

from access_es.users.change_log import Change
from access_es.users.passwords import is_unset
from access_es.users.sessions import SessionRecord
from access_es.users.tokens import Token
from access_es.users.user import User

Fields = dict[str, object]
"""Times are ISO 8601 in UTC, and null where something never happened, as far as is known."""


def time_text(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def short_time(seconds: float) -> str:
    """For the tables of commands: `-` where something never happened."""
    return time_text(seconds) if seconds else "-"


def _known(seconds: int) -> str | None:
    return time_text(seconds) if seconds else None


def state(user: User) -> str:
    """In the words of tables and pages. Who was invited has no password until the link is used."""
    if user.disabled:
        return "disabled"
    return "no password yet" if not user.issuer and is_unset(user.password_hash) else "enabled"


def user_fields(user: User) -> Fields:
    known: Fields = {
        "name": user.name,
        "groups": list(user.groups),
        "origin": "provider" if user.issuer else "local",
        "created": time_text(user.created),
        "disabled": user.disabled,
        "state": state(user).replace(" ", "_"),
        "signed_in": _known(user.signed_in),
        "last_used": _known(user.last_used),
    }
    if not user.issuer:
        return known
    return {**known, "issuer": user.issuer, "subject": user.subject, "display_name": user.display_name}


def token_fields(token: Token, now: float) -> Fields:
    return {
        "user": token.user,
        "label": token.label,
        "id": token.id,
        "roles": None if token.roles is None else list(token.roles),
        "created": time_text(token.created),
        "expires": time_text(token.expires),
        "expired": token.is_expired(now),
        "last_used": _known(token.last_used),
    }


def machine_fields(name: str, last_used: int) -> Fields:
    return {"name": name, "last_used": time_text(last_used)}


def session_fields(session: SessionRecord) -> Fields:
    return {
        "user": session.user,
        "id": session.id,
        "device": session.device,
        "place": session.place,
        "how": session.how,
        "begun": time_text(session.begun),
        "until": time_text(session.until),
        "last_used": _known(session.last_used),
    }


def change_fields(change: Change) -> Fields:
    return {
        "time": time_text(change.time),
        "actor": change.actor,
        "via": change.via,
        "action": change.action,
        "target": change.target,
        "detail": change.detail,
    }
