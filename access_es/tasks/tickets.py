"""Tickets: the signed id of a task in its polling address, bound to its user and of limited lifetime."""

from __future__ import annotations

import hashlib
import secrets as random_source
from collections.abc import Sequence
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from access_es.lazy_dataclass import dataclass
from access_es.tasks.store import LIFETIME_SECONDS

_MAX_CHARACTERS = 1024


@dataclass(frozen=True, slots=True)
class Ticket:
    """One task of one user; `begun` in seconds since 1970."""

    id: str
    user: str
    begun: float


class Tickets:
    """Issues tickets and reads them back. `secrets` is newest first: the newest signs, all of them verify."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._serializer = URLSafeSerializer(
            list(reversed(secrets)),  # itsdangerous takes them oldest first
            salt="access-es ticket",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def issue(self, user: str, now: float) -> Ticket:
        return Ticket(random_source.token_urlsafe(18), user, round(now, 3))

    def seal(self, ticket: Ticket) -> str:
        """As it stands in an address."""
        sealed = self._serializer.dumps([ticket.id, ticket.user, ticket.begun])
        return sealed if isinstance(sealed, str) else sealed.decode("ascii")

    def open(self, text: str, user: str, now: float) -> Ticket | None:
        """The ticket, if we signed it, for this user, and its time is not over."""
        if len(text) > _MAX_CHARACTERS:
            return None
        try:
            fields: Any = self._serializer.loads(text)
        except BadData:
            return None
        match fields:
            case [str(id), str(owner), float() | int() as begun]:
                is_good = owner == user and now < begun + LIFETIME_SECONDS
                return Ticket(id, owner, float(begun)) if is_good else None
        return None
