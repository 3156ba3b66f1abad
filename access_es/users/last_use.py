"""When something was last used: noted from time to time, never at each request."""

from __future__ import annotations

from access_es.lazy_dataclass import dataclass
from access_es.users.tokens import Token

INTERVAL_SECONDS = 900


@dataclass(frozen=True, slots=True)
class Use:
    """What was active just now; empty: that part is not noted."""

    user: str = ""
    session: tuple[str, str] | None = None  # its user and its id
    token: Token | None = None
    machine: str = ""
    is_sign_in: bool = False  # of the user

    def __bool__(self) -> bool:
        return bool(self.user or self.session or self.token or self.machine)
