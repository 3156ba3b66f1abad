"""Notes who is active, and by what: at most once a quarter of an hour for each, and never at the cost of a request."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from access_es.errors import AccessEsError
from access_es.sign_in.proofs import MachineProof, Proof
from access_es.sign_in.session_cookie import Session
from access_es.users.last_use import INTERVAL_SECONDS, Use
from access_es.users.stores import LastUseStore
from access_es.users.tokens import Token
from access_es.users.user import User

_PAUSE_SECONDS = 60.0
_MAX_ENTRIES = 16_384
log = logging.getLogger(__name__)


class LastUse:
    """Called where a proof is looked up anyway, which the cache makes rare; what is not due costs nothing then.

    The store decides between processes. It is written before the answer: a Lambda sandbox is frozen right after it. A
    store that cannot be written is left alone for a minute, so that it does not slow down those who are signed in.
    """

    def __init__(self, store: LastUseStore, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._attempts: dict[tuple[str, str], float] = {}  # when this process last tried, by kind and name
        self._lock = threading.Lock()
        self._resume = 0.0

    def note(self, proof: Proof, user: User | None = None, token: Token | None = None) -> None:
        """What proved the caller just now, with the records as they were read for it."""
        now = self._clock()
        if now < self._resume:
            return
        if isinstance(proof, MachineProof):
            is_due = self._is_due("machine", proof.name, 0, now)
            self._write(Use(machine=proof.name) if is_due else Use(), now)
        elif user is not None:
            self._write(self._use(proof, user, token, now), now)

    def note_sign_in(self, user: User) -> None:
        self._write(Use(user.name, is_sign_in=True), self._clock())

    def _use(self, proof: Proof, user: User, token: Token | None, now: float) -> Use:
        """The parts that are due. A session's record is not read before: the store looks whether it is."""
        return Use(
            user.name if self._is_due("user", user.name, user.last_used, now) else "",
            (user.name, proof.id) if isinstance(proof, Session) and self._is_due("session", proof.id, 0, now) else None,
            token if token and self._is_due("token", token.id, token.last_used, now) else None,
        )

    def _is_due(self, kind: str, name: str, last_used: int, now: float) -> bool:
        """Whether this process, and this thread of it, should write that it was used."""
        if now - last_used < INTERVAL_SECONDS:
            return False
        key = (kind, name)
        with self._lock:
            if now - self._attempts.get(key, float("-inf")) < INTERVAL_SECONDS:
                return False
            self._attempts.pop(key, None)
            while len(self._attempts) >= _MAX_ENTRIES:
                del self._attempts[next(iter(self._attempts))]
            self._attempts[key] = now
        return True

    def _write(self, use: Use, now: float) -> None:
        if not use:
            return
        try:
            self._store.note(use, int(now), int(now) - INTERVAL_SECONDS)
        except AccessEsError as error:
            log.warning("The last use could not be noted: %s", error.detail or error.message)
            with self._lock:
                self._resume = now + _PAUSE_SECONDS
                self._attempts.clear()
