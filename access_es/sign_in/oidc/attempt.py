"""Sign-ins on their way: each has a signed cookie of its own, so that several tabs can sign in at once."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import field

from itsdangerous import BadData, URLSafeSerializer

from access_es.lazy_dataclass import dataclass
from access_es.messages import ATTEMPT_COOKIE

MAX_SECONDS = 600
MAX_ATTEMPTS = 8  # a front door takes about 10,000 bytes of headers in all
MAX_NEXT_CHARACTERS = 1_500
_RETRIED = "r"  # how the state of a second try begins: the browser may have kept no cookie that could say so


@dataclass(frozen=True, slots=True)
class Attempt:
    """`next` is where the person wants to go, `redirect_uri` where the provider sends the browser back to."""

    state: str
    nonce: str
    verifier: str = field(repr=False)
    redirect_uri: str
    next: str
    begun: int

    @property
    def challenge(self) -> str:
        """RFC 7636, 4.2."""
        return base64.urlsafe_b64encode(hashlib.sha256(self.verifier.encode()).digest()).rstrip(b"=").decode("ascii")


def begin_attempt(redirect_uri: str, next: str, now: float, *, is_retry: bool = False) -> Attempt:
    state = (_RETRIED if is_retry else "s") + secrets.token_urlsafe(24)
    kept = next if len(next) <= MAX_NEXT_CHARACTERS else ""
    return Attempt(state, secrets.token_urlsafe(24), secrets.token_urlsafe(48), redirect_uri, kept, int(now))


def was_retried(state: str) -> bool:
    return state.startswith(_RETRIED)


class AttemptCookies:
    """Signs attempts and reads them back. `secrets` is newest first."""

    def __init__(self, secrets: Sequence[str]) -> None:
        self._serializer = URLSafeSerializer(
            list(reversed(secrets)),
            salt="access-es sign-in attempt",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def seal(self, attempt: Attempt) -> str:
        a = attempt
        sealed = self._serializer.dumps([a.state, a.nonce, a.verifier, a.redirect_uri, a.next, a.begun])
        return sealed if isinstance(sealed, str) else sealed.decode("ascii")

    def open(self, value: str, now: float) -> Attempt | None:
        """None where we did not sign it, or it is too old."""
        try:
            fields = self._serializer.loads(value)
        except BadData:
            return None
        match fields:
            case [str(state), str(nonce), str(verifier), str(uri), str(next), int(begun)]:
                attempt = Attempt(state, nonce, verifier, uri, next, begun)
                return attempt if -60 <= now - begun <= MAX_SECONDS else None
        return None

    def find(self, cookies: Mapping[str, str], scheme: str, state: str, now: float) -> Attempt | None:
        """The attempt of this browser that this state is of."""
        attempt = self.open(cookies.get(cookie_name(scheme, state), ""), now)
        is_same = attempt is not None and hmac.compare_digest(attempt.state.encode(), state.encode("utf-8", "replace"))
        return attempt if is_same else None

    def superfluous(self, cookies: Mapping[str, str], scheme: str, now: float) -> list[str]:
        """Names of cookies to delete before one more is set: the oldest, and those that are of no use."""
        opened = {name: self.open(value, now) for name, value in cookies.items() if _is_attempt(name, scheme)}
        by_age = sorted(opened, key=lambda name: found.begun if (found := opened[name]) else 0)
        live = [name for name in by_age if opened[name]]
        return [name for name in by_age if not opened[name]] + live[: max(0, len(live) - MAX_ATTEMPTS + 1)]


def cookie_name(scheme: str, state: str) -> str:
    return f"{_prefix(scheme)}{state[:8]}"


def _is_attempt(name: str, scheme: str) -> bool:
    return name.startswith(_prefix(scheme))


def _prefix(scheme: str) -> str:
    return f"__Host-{ATTEMPT_COOKIE}" if scheme == "https" else ATTEMPT_COOKIE
