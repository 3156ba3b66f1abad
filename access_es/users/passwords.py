"""Passwords: hashed with scrypt, a few at a time."""

from __future__ import annotations

import threading
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Protocol, TypeVar

from access_es.errors import BadRequest, TooManyFailures
from access_es.users import tokens

# One of the equal choices of the OWASP Password Storage Cheat Sheet for scrypt: N=2^15, r=8, p=3. It takes 32 MiB per
# hash, where the first choice (N=2^17, p=1) takes 128 MiB, more than a small Lambda function has to spare.
METHOD = "scrypt:32768:8:3"
MIN_CHARACTERS, MAX_CHARACTERS = 12, 1024
RULES = f"A password has {MIN_CHARACTERS} characters or more. A few words make a good one."
_NOBODY = "access-es-nobody"  # the salt of a hash that no password has
_MAX_CONCURRENT_HASHES = 2
_MAX_WAITING = 8
_BUSY_SECONDS = 2


T = TypeVar("T")


class Run(Protocol):
    """Does some work that takes the processor for long, and gives what comes of it."""

    def __call__(self, work: Callable[[], T], /) -> T: ...


def run_here(work: Callable[[], T], /) -> T:
    return work()


class Passwords:
    """Hashes and checks. `method` is werkzeug's name for the algorithm and its cost, `run` where a hash is made."""

    def __init__(
        self, method: str = METHOD, *, max_concurrent: int = _MAX_CONCURRENT_HASHES, max_waiting: int = _MAX_WAITING,
        run: Run = run_here,
    ) -> None:  # fmt: skip
        self._method = method
        self._run = run
        self._running = threading.Semaphore(max_concurrent)
        self._admitted = threading.Semaphore(max_concurrent + max_waiting)
        # No password has this hash, yet checking against it costs what checking a real one costs.
        self.dummy_hash = f"{method}${_NOBODY}${'0' * 128}"

    @contextmanager
    def hashing_slot(self) -> Iterator[None]:
        """Limits how many hashes run at once, so that many sign-ins take neither the memory nor all threads.

        Raises `TooManyFailures` at once where too many wait already.
        """
        if not self._admitted.acquire(blocking=False):
            raise TooManyFailures(_BUSY_SECONDS)
        try:
            with self._running:
                yield
        finally:
            self._admitted.release()

    def hash(self, password: str) -> str:
        from werkzeug.security import generate_password_hash  # loaded when first needed: a cold start does without

        return self._run(lambda: generate_password_hash(_normalized(password), self._method))

    def matches(self, password_hash: str, password: str) -> bool:
        """Whether it is this password. Takes as long for a wrong one as for the right one."""
        from werkzeug.security import check_password_hash

        return len(password) <= MAX_CHARACTERS and self._run(
            lambda: check_password_hash(password_hash, _normalized(password))
        )

    def is_outdated(self, password_hash: str) -> bool:
        """Whether the hash was made at another cost than today's."""
        return not password_hash.startswith(f"{self._method}$")


def check_password(password: str, user_name: str) -> str:
    """The password, if it may be used; raises `BadRequest` with the rule that it breaks.

    Length and nothing about kinds of characters, as NIST SP 800-63B, 3.1.1.2 has it.
    """
    if len(password) < MIN_CHARACTERS:
        raise BadRequest(
            f"The password is too short: use {MIN_CHARACTERS} characters or more. A few words make a good one."
        )
    if len(password) > MAX_CHARACTERS:
        raise BadRequest(f"The password is too long: use {MAX_CHARACTERS} characters or fewer.")
    if password.lower() == user_name or len(set(password)) < 4:
        raise BadRequest("The password is too easy to guess. A few words make a good one.")
    if tokens.looks_like_token(password):
        raise BadRequest("The password has the form of an API token. Choose another.")
    return password


def is_unset(password_hash: str) -> bool:
    """Whether it is the hash of a user who was invited and has not chosen a password yet."""
    return password_hash.split("$")[1:2] == [_NOBODY]


def _normalized(password: str) -> str:
    """The same characters however a keyboard composes them (NIST SP 800-63B, 3.1.1.2)."""
    return unicodedata.normalize("NFKC", password)
