"""The session cookie: what it says, and how it is signed. Nothing in it is secret, and no web framework is needed."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Sequence
from typing import Any

from itsdangerous import BadData, URLSafeSerializer

from access_es.lazy_dataclass import dataclass
from access_es.messages import OWN_COOKIES, Headers


@dataclass(frozen=True, slots=True)
class Session:
    """One session of one browser. Times are seconds since 1970; `user` is empty until somebody signs in."""

    user: str
    epoch: str  # the user's epoch at sign-in: another one now means that the session is over
    id: str
    anti_forgery: str  # what our own forms must send back
    begun: int
    until: int
    provider_session: str = ""  # digest of the provider's session, by which the provider may end this one
    renew_at: int = 0  # from when on the next page load goes through the provider again; 0: never


def begin_session(
    now: float, lifetime_seconds: int, user: str = "", epoch: str = "", provider_session: str = "", renew_at: int = 0
) -> Session:
    """A session that ends `lifetime_seconds` from now, used or not."""
    begun, anti_forgery = int(now), secrets.token_urlsafe(18)
    id = secrets.token_hex(12)  # without a - at its beginning, which commands would take for an option
    return Session(user, epoch, id, anti_forgery, begun, begun + lifetime_seconds, provider_session, renew_at)


def cookie_name(scheme: str) -> str:
    """Over https a name that browsers take from this very host only, and over TLS only (RFC 6265bis, 4.1.3.2)."""
    over_https, over_http = OWN_COOKIES
    return over_https if scheme == "https" else over_http


class SessionCookies:
    """Signs sessions and reads them back. `secrets` is newest first: the newest signs, all of them verify."""

    def __init__(self, secrets: Sequence[str], lifetime_seconds: int) -> None:
        self.lifetime_seconds = lifetime_seconds
        self._serializer = URLSafeSerializer(
            list(reversed(secrets)),  # itsdangerous takes them oldest first
            salt="access-es session",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def seal(self, session: Session) -> str:
        """The cookie's value."""
        s = session
        by_provider = [s.provider_session, s.renew_at] if s.provider_session or s.renew_at else []
        return _text(self._serializer.dumps([s.user, s.epoch, s.id, s.anti_forgery, s.begun, s.until, *by_provider]))

    def open(self, value: str, now: float) -> Session | None:
        """The session in a cookie's value; None if we did not sign it, or its time is over.

        Its time is what was promised at sign-in, or what the settings say by now if that is shorter.
        """
        try:
            fields = self._serializer.loads(value)
        except BadData:
            return None
        session = _session(fields)
        if session is None or now >= min(session.until, session.begun + self.lifetime_seconds):
            return None
        return session

    def read(self, headers: Headers, scheme: str, now: float) -> Session | None:
        """The session that a request's headers carry."""
        return self.open_one(offered_values(headers, scheme), now)

    def open_one(self, values: Sequence[str], now: float) -> Session | None:
        """The one session among the values of repeated cookies.

        A site on a neighbouring host name can add a cookie of our name to a request. One that we did not sign does no
        harm; two different sessions that we did sign are a trap, and neither is believed.
        """
        opened = {session for value in values if (session := self.open(value, now))}
        return opened.pop() if len(opened) == 1 else None


def offered_values(headers: Headers, scheme: str) -> tuple[str, ...]:
    """The different values of our cookie, in the order they came."""
    name = cookie_name(scheme)
    return tuple(dict.fromkeys(_values(headers, name)))


def _values(headers: Headers, name: str) -> Iterator[str]:
    for key, line in headers:
        if len(key) == 6 and key.lower() == "cookie" and name in line:
            for pair in line.split(";"):
                found, _, value = pair.partition("=")
                # Blanks as browsers know them (RFC 6265bis, 5.6): to them a name behind any other has no __Host- in
                # front, and a neighbouring host name may set it.
                if found.strip(" \t") == name:
                    yield value.strip(" \t").strip('"')


def _session(fields: Any) -> Session | None:
    """Signed by us, but perhaps by another version of us."""
    match fields:
        case [str(user), str(epoch), str(id), str(anti_forgery), int(begun), int(until)]:
            return Session(user, epoch, id, anti_forgery, begun, until)
        case [str(user), str(epoch), str(id), str(anti_forgery), int(begun), int(until), str(provider), int(renew_at)]:
            return Session(user, epoch, id, anti_forgery, begun, until, provider, renew_at)
    return None


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii")
