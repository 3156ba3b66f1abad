"""Links with which people choose their password: signed, valid once and for two days.

A link names a user and the user's epoch, which changes with the password: so it works once, and a password that is set
in any other way ends it, too. Nothing is stored.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import Any

from access_es.errors import AccessEsError
from access_es.lazy_dataclass import dataclass
from access_es.messages import OWN_PREFIX
from access_es.users.user import User

LIFETIME_SECONDS = 48 * 3600
PATH = OWN_PREFIX.decode() + "invite/"


class InvitationOver(AccessEsError):
    """One sentence for all reasons: who has no valid link learns nothing about users."""

    status = 410
    code = "invitation_over"
    title = "This link no longer works"
    message = "The link was used already, is older than two days, or was copied in part. Ask for a new one."


@dataclass(frozen=True, slots=True)
class Invitation:
    """Whom a link is for. `until` is in seconds since 1970."""

    user: str
    epoch: str
    until: int


class Invitations:
    """Seals invitations and opens them again. `secrets` is newest first: the newest signs, all of them verify."""

    def __init__(self, secrets: Sequence[str], clock: Callable[[], float]) -> None:
        self._secrets = secrets
        self._clock = clock

    def make(self, user: User) -> tuple[Invitation, str]:
        """An invitation, and the end of its link."""
        invitation = Invitation(user.name, user.epoch, int(self._clock()) + LIFETIME_SECONDS)
        sealed = self._serializer().dumps([invitation.user, invitation.epoch, invitation.until])
        return invitation, sealed if isinstance(sealed, str) else sealed.decode("ascii")

    def open(self, sealed: str) -> Invitation:
        """Raises `InvitationOver` for what we did not sign, or too long ago."""
        from itsdangerous import BadData

        try:
            fields = self._serializer().loads(sealed)
        except BadData:
            raise InvitationOver from None
        match fields:
            case [str(user), str(epoch), int(until)] if self._clock() < until:
                return Invitation(user, epoch, until)
        raise InvitationOver

    def _serializer(self) -> Any:
        from itsdangerous import URLSafeSerializer  # loaded when first needed: few requests are for an invitation

        return URLSafeSerializer(
            list(reversed(self._secrets)),  # itsdangerous takes them oldest first
            salt="access-es invitation",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )
