"""Whether a user name and a password belong together."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable

from access_es.errors import TooManyFailures, WrongCredentials
from access_es.sign_in.throttle import Throttle
from access_es.users.passwords import Passwords
from access_es.users.stores import UserStore
from access_es.users.user import User, with_same_password

log = logging.getLogger(__name__)


class PasswordCheck:
    """Checks passwords: slowly on purpose, a few at a time, and slower after failures."""

    def __init__(
        self, store: UserStore, passwords: Passwords, throttle: Throttle, clock: Callable[[], float] = time.time
    ) -> None:
        self._store = store
        self._passwords = passwords
        self._throttle = throttle
        self._clock = clock

    def check(self, name: str, password: str, address: str) -> User:
        """The user. Raises `WrongCredentials`, never saying what was wrong, or `TooManyFailures`."""
        self._require_pace(name, address)
        with self._passwords.hashing_slot():
            # Once more: while this one waited for its turn, others may have failed.
            self._require_pace(name, address)
            found = self._store.find(name)
            user = self._verified(found, password)
            if user is None:
                self._throttle.failed(name, address, self._clock())
                log.warning("A sign-in from %s failed.", address)  # no name: it may be a password typed in its place
                raise WrongCredentials().about(found.name if found else None)
            self._throttle.succeeded(name, address, self._clock())
            return self._rehashed(user, password)

    def _require_pace(self, name: str, address: str) -> None:
        """Raises `TooManyFailures` while this user must wait, with the name only where there is such a user."""
        try:
            self._throttle.check(name, address, self._clock())
        except TooManyFailures as error:
            raise error.about(name if self._store.find(name) else None) from None

    def _verified(self, user: User | None, password: str) -> User | None:
        matches = self._passwords.matches(user.password_hash if user else self._passwords.dummy_hash, password)
        return user if user and matches and not user.disabled else None

    def _rehashed(self, user: User, password: str) -> User:
        """The user, with the hash made anew if it was made at a cost that is no longer ours."""
        if not self._passwords.is_outdated(user.password_hash):
            return user
        renewed = with_same_password(user, self._passwords.hash(password))
        if self._store.replace(user, renewed):
            return renewed
        changed = self._verified(
            self._store.find(user.name), password
        )  # somebody was faster; perhaps with another password
        if changed is None:
            raise WrongCredentials().about(user.name)
        return changed
