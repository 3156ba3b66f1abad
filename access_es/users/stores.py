"""The records of the accounts, and the interfaces of their stores: a local file or tables in the cloud.

Every store may be used by many threads and processes at once. What cannot be read or written is `StoreUnusable`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

from access_es.lazy_dataclass import dataclass
from access_es.storage.change_counter import ChangeCounter
from access_es.users.change_log import ChangeLog
from access_es.users.last_use import Use
from access_es.users.sessions import SessionRecord
from access_es.users.tokens import Token
from access_es.users.user import User


@dataclass(frozen=True, slots=True)
class Failures:
    """How often something went wrong in a row, and when last (seconds since 1970)."""

    count: int = 0
    last: float = 0.0


class UserStore(Protocol):
    def find(self, name: str) -> User | None: ...

    def all(self) -> list[User]:
        """In the order of their names."""
        ...

    def add(self, user: User) -> bool:
        """False, and nothing done, if the name is taken."""
        ...

    def replace(self, old: User, new: User) -> bool:
        """Put `new` where `old` still is. False, and nothing done, if its epoch or password hash changed meanwhile."""
        ...

    def remove(self, name: str) -> bool:
        """False if there was none."""
        ...


class TokenStore(Protocol):
    def find(self, token_id: str) -> Token | None: ...

    def of(self, user: str) -> list[Token]:
        """The user's tokens, oldest first, expired ones too."""
        ...

    def all(self) -> list[Token]:
        """Everybody's tokens, by user, oldest first. Slow where there is much: for administrators alone."""
        ...

    def add(self, token: Token) -> bool:
        """False, and nothing done, if the user has a token of that label."""
        ...

    def remove(self, user: str, label: str) -> bool:
        """False if there was none."""
        ...

    def remove_all(self, user: str) -> None: ...


class RevocationStore(Protocol):
    """Sessions that ended before their time."""

    def revoke(self, session_id: str, until: float) -> None:
        """End a session; `until` (seconds since 1970) is when it would have ended by itself and may be forgotten."""
        ...

    def is_revoked(self, session_id: str) -> bool: ...


class SessionStore(Protocol):
    """The open sessions, as people see them. Those whose time is over are not found; `revision` never moves.

    A record whose epoch is not its user's any more is of a session that has ended: `Directory` leaves these out.
    """

    def put(self, record: SessionRecord) -> None:
        """Write a record. Of one that is there, only the epoch, the end, the last use and the provider's session."""
        ...

    def of(self, user: str) -> list[SessionRecord]:
        """The user's sessions, the one used last first."""
        ...

    def all(self) -> list[SessionRecord]:
        """Everybody's sessions, the one used last first."""
        ...

    def remove(self, user: str, id: str) -> bool:
        """False if there was none."""
        ...

    def remove_all(self, user: str, *, but_epoch: str = "") -> None:
        """The user's records, all but those of this epoch."""
        ...


class LastUseStore(Protocol):
    """When users, sessions, tokens and machines were last used. Nothing here moves `revision`."""

    def note(self, use: Use, now: int, before: int) -> None:
        """Write `now` as the last use of each part whose last use is `before` or earlier, where the part exists.

        A machine is added when it is first used. A sign-in is written whenever there was one.
        """
        ...

    def machines(self) -> Mapping[str, int]:
        """When each machine was last used, by name."""
        ...


class FailureStore(Protocol):
    def read(self, keys: Iterable[str]) -> Mapping[str, Failures]:
        """Those of the keys that have failures."""
        ...

    def record(self, keys: Iterable[str], now: float, forget_seconds: float) -> None:
        """Count one more failure under each key, to be forgotten when none follows for `forget_seconds`."""
        ...

    def clear(self, keys: Iterable[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class Stores:
    users: UserStore
    tokens: TokenStore
    revocations: RevocationStore
    failures: FailureStore
    sessions: SessionStore
    last_use: LastUseStore
    changes: ChangeCounter
    change_log: ChangeLog
