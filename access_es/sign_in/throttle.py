"""Slows down password guessing: more for the address that guesses than for the user whose password is guessed."""

from __future__ import annotations

import hashlib
import ipaddress
import math
from collections.abc import Mapping

from access_es.errors import TooManyFailures
from access_es.lazy_dataclass import dataclass
from access_es.users.stores import Failures, FailureStore

_FORGET_SECONDS = 3_600.0
_KNOWN_SECONDS = 30 * 86_400.0


@dataclass(frozen=True, slots=True)
class Backoff:
    """`free` failures cost nothing, the next one second, each one after that twice as much, up to `longest_seconds`."""

    free: int
    longest_seconds: float


# One person at one address mistypes a few times. A name tried from everywhere, or an address trying every name, is
# slowed down too, but mildly, since that also meets people who did nothing: the owner of the name, the colleagues
# behind the same address. They are spared entirely at addresses where they signed in before (`_is_known`), so that
# nobody can keep a person out by failing in the person's name.
PERSON_AT_ADDRESS = Backoff(free=5, longest_seconds=900)
PERSON_ANYWHERE = Backoff(free=50, longest_seconds=10)
ANYONE_AT_ADDRESS = Backoff(free=50, longest_seconds=60)


def wait_seconds(backoff: Backoff, failures: Failures, now: float) -> float:
    """The seconds left to wait; 0 once the last failure is an hour ago."""
    elapsed = max(0.0, now - failures.last)  # never negative: clocks are set back, and differ between machines
    if failures.count <= backoff.free or elapsed > _FORGET_SECONDS:
        return 0.0
    doublings = min(failures.count - backoff.free - 1, 30)
    return max(0.0, min(2.0**doublings, backoff.longest_seconds) - elapsed)


class Throttle:
    """Counts the failures of all processes that share the store."""

    def __init__(self, store: FailureStore) -> None:
        self._store = store

    def check(self, user: str, address: str, now: float) -> None:
        """Raises `TooManyFailures` while this user must wait before trying again from this address."""
        pair, anywhere, anyone, known = keys = _keys(user, address)
        found = self._store.read(keys)
        wait = _wait(found, pair, PERSON_AT_ADDRESS, now)
        if not _is_known(found.get(known), now):
            wait = max(wait, _wait(found, anywhere, PERSON_ANYWHERE, now), _wait(found, anyone, ANYONE_AT_ADDRESS, now))
        if wait:
            raise TooManyFailures(math.ceil(wait))

    def failed(self, user: str, address: str, now: float) -> None:
        pair, anywhere, anyone, _known = _keys(user, address)
        self._store.record((pair, anywhere, anyone), now, _FORGET_SECONDS)

    def succeeded(self, user: str, address: str, now: float) -> None:
        """Forgive what went wrong here, and remember the address as one of the user's own."""
        pair, _anywhere, _anyone, known = _keys(user, address)
        found = self._store.read((pair, known))
        if pair in found:
            self._store.clear((pair,))
        if known not in found or now - found[known].last > _KNOWN_SECONDS / 30:
            self._store.record((known,), now, _KNOWN_SECONDS)


def _wait(found: Mapping[str, Failures], key: str, backoff: Backoff, now: float) -> float:
    return wait_seconds(backoff, found.get(key, Failures()), now)


def _is_known(sign_ins: Failures | None, now: float) -> bool:
    return sign_ins is not None and now - sign_ins.last < _KNOWN_SECONDS


def _keys(user: str, address: str) -> tuple[str, str, str, str]:
    """Digests: what was typed as a name may have been a password, and may be of any length."""
    network = _network(address)
    return (
        _digest("pair", user, network),
        _digest("user", user),
        _digest("address", network),
        _digest("known", user, network),
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def _network(address: str) -> str:
    """An IPv4 address, or the /64 that one IPv6 customer has to choose addresses from (RFC 6177, 2)."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, 64), strict=False))
