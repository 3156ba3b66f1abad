"""Users and tokens as JSON fields, the same in commands and on pages. Nothing secret is among them."""

from __future__ import annotations

from datetime import UTC, datetime

from access_es.users.tokens import Token
from access_es.users.user import User

Fields = dict[str, object]


def time_text(seconds: float) -> str:
    """Seconds since 1970 as ISO 8601 in UTC."""
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def user_fields(user: User) -> Fields:
    known: Fields = {
        "name": user.name,
        "groups": list(user.groups),
        "origin": "provider" if user.issuer else "local",
        "created": time_text(user.created),
        "disabled": user.disabled,
    }
    if not user.issuer:
        return known
    by_provider = {"issuer": user.issuer, "subject": user.subject, "display_name": user.display_name}
    return {**known, **by_provider, "signed_in": time_text(user.signed_in)}


def token_fields(token: Token, now: float) -> Fields:
    return {
        "user": token.user,
        "label": token.label,
        "id": token.id,
        "roles": None if token.roles is None else list(token.roles),
        "created": time_text(token.created),
        "expires": time_text(token.expires),
        "expired": token.is_expired(now),
    }
