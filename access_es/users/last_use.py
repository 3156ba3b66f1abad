"""When something was last used: noted from time to time, never at each request."""

from __future__ import annotations

from dataclasses import dataclass

from access_es.users.tokens import Token

INTERVAL_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Use:
    """Who was active and by what; empty: that part is not noted. A session and a token are those of `user`."""

    user: str = ""
    session: str = ""
    token: Token | None = None
    machine: str = ""
    is_sign_in: bool = False  # the user signed in just now

    def __bool__(self) -> bool:
        return bool(self.user or self.machine)
