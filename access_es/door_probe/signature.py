"""Who may try out a door: whoever has the deployment's secret, for this one address, for two minutes."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable

HEADER = "X-Access-Es-Probe"
LIFETIME_SECONDS = 120
_MAX_CHARACTERS = 100


def sign(secret: str, method: str, path: str, now: float) -> str:
    """The header's value. `path` is that below the front door's stage."""
    until = int(now) + LIFETIME_SECONDS
    return f"{until}.{_code(secret, method, path, until)}"


def is_signed(text: str | None, secrets: Iterable[str], method: str, path: str, now: float) -> bool:
    """Whether one of the secrets signed it, not long ago."""
    until, _, code = (text or "")[:_MAX_CHARACTERS].partition(".")
    if not (until.isascii() and until.isdecimal() and code.isascii()):
        return False
    if not now < int(until) <= now + 2 * LIFETIME_SECONDS:  # clocks differ
        return False
    return any(hmac.compare_digest(code, _code(secret, method, path, int(until))) for secret in secrets)


def _code(secret: str, method: str, path: str, until: int) -> str:
    key = hmac.digest(secret.encode(), b"access-es probe", hashlib.sha256)
    return hmac.new(key, f"{until}\n{method}\n{path}".encode(), hashlib.sha256).hexdigest()
