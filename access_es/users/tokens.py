"""Personal API tokens: shown once, stored as a digest."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
from dataclasses import field

from access_es.errors import BadRequest
from access_es.lazy_dataclass import dataclass

DEFAULT_DAYS, MAX_DAYS = 90, 366
MAX_TOKENS_PER_USER = 50
_DAY_SECONDS = 86_400
_ALPHABET = string.ascii_letters + string.digits  # no - or _: a double click selects the whole token
_SECRET_LENGTH = 40  # of 62 letters: 238 bits, so a plain fast digest is enough to keep it by
_SHAPE = re.compile(r"aes_([0-9a-f]{12})_[0-9A-Za-z]{40}")


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token. Times are seconds since 1970."""

    id: str
    user: str
    label: str
    digest: bytes = field(repr=False)
    created: int
    expires: int
    roles: tuple[str, ...] | None = None  # those of its user's roles that it has; None: all of them
    last_used: int = field(default=0, compare=False)  # to within `last_use.INTERVAL_SECONDS`; 0: never

    def is_expired(self, now: float) -> bool:
        return now >= self.expires


def issue(user: str, label: str, days: int, now: float, roles: tuple[str, ...] | None = None) -> tuple[Token, str]:
    """A new token, and the text that is its only copy. Raises `BadRequest` for a label or a term that cannot be."""
    if not 1 <= days <= MAX_DAYS:
        raise BadRequest(f"A token can be valid for 1 to {MAX_DAYS} days.")
    token_id = secrets.token_hex(6)
    text = f"aes_{token_id}_" + "".join(secrets.choice(_ALPHABET) for _ in range(_SECRET_LENGTH))
    kept = Token(token_id, user, check_label(label), _digest(text), int(now), int(now) + days * _DAY_SECONDS, roles)
    return kept, text


def check_label(label: str) -> str:
    """The label as it is kept; raises `BadRequest` with the rule if it cannot be one."""
    label = label.strip()
    if not 1 <= len(label) <= 64 or not label.isprintable():
        raise BadRequest("A token's label has 1 to 64 printable characters.")
    return label


def looks_like_token(text: str) -> bool:
    return _SHAPE.fullmatch(text) is not None


def token_id(text: str) -> str | None:
    """The id inside a token's text, or None if it is not one."""
    shape = _SHAPE.fullmatch(text)
    return shape[1] if shape else None


def matches(token: Token, text: str) -> bool:
    """Whether this text is that token, in constant time."""
    return hmac.compare_digest(token.digest, _digest(text))


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()
