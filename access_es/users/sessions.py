"""What is recorded of an open session, for people to see and to end."""

from __future__ import annotations

from access_es.lazy_dataclass import dataclass

MAX_SESSIONS_PER_USER = 1_000  # a program may sign in every minute; whoever lists them reads them all


@dataclass(frozen=True, slots=True)
class SessionRecord:
    """One session of one browser. Times are seconds since 1970.

    The record decides nothing: who is signed in depends on the cookie, the user's epoch and what is revoked. A session
    that began before there were records has none.
    """

    id: str
    user: str
    epoch: str  # the user's epoch that the session's cookie holds: another one now means that the session is over
    device: str  # in words, such as "Firefox on Linux"
    place: str  # the client's address at the sign-in
    how: str  # how it began: "password", "invitation" or "provider"
    begun: int
    until: int
    last_used: int  # to within `last_use.INTERVAL_SECONDS`
    provider_session: str = ""  # digest of the provider's session, by which the provider may end this one
