"""Reads the credentials in an Authorization header."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import field

from access_es.errors import WrongCredentials
from access_es.lazy_dataclass import dataclass
from access_es.users import tokens
from access_es.users.user import normalize_name

_USE = (
    "Send 'Bearer <API token>' or 'ApiKey <API token>', or 'Basic' with the user name and an API token or the password."
)
# Three parts in base64url, the first two JSON objects (RFC 7515, 7.1): no API token, and hardly a password.
_JWT = re.compile(r"eyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*")
_TO_PLAIN_ALPHABET = str.maketrans("-_", "+/")  # RFC 4648, 5 to 4


@dataclass(frozen=True, slots=True)
class OfferedToken:
    text: str = field(repr=False)
    user: str | None = None  # whose it is said to be; a bearer does not say


@dataclass(frozen=True, slots=True)
class OfferedPassword:
    user: str
    password: str = field(repr=False)


def read_authorization(value: str) -> OfferedToken | OfferedPassword:
    """What the header's value offers; raises `WrongCredentials` where that is nothing we know."""
    scheme, _, credentials = value.strip().partition(" ")
    match scheme.lower():  # RFC 9110, 11.1: schemes do not differ by case
        case "bearer":
            return OfferedToken(credentials.strip())
        case "basic":
            return _read_basic(credentials.strip())
        case "apikey":
            return _read_api_key(credentials.strip())
        case "aws4-hmac-sha256":
            raise WrongCredentials(f"The request is already signed, but access-es signs it itself. {_USE}")
        case _:
            raise WrongCredentials(f"The Authorization header has a scheme that access-es does not support. {_USE}")


def looks_like_jwt(text: str) -> bool:
    """Whether it has the form of a signed token of another issuer."""
    return _JWT.fullmatch(text) is not None


def _read_basic(credentials: str) -> OfferedToken | OfferedPassword:
    try:
        pair = base64.b64decode(credentials, validate=True)
    except (binascii.Error, ValueError):
        raise WrongCredentials("The Basic credentials are not base64.") from None
    user, colon, secret = _decode(pair).partition(":")
    if not colon:
        raise WrongCredentials("The Basic credentials have no colon between user name and password.")
    if tokens.looks_like_token(secret):
        return OfferedToken(secret, normalize_name(user))
    return OfferedPassword(normalize_name(user), secret)


def _read_api_key(key: str) -> OfferedToken:
    """As clients of newer Elasticsearch versions send it: base64 of `id:key`, or a text that they pass on as it is.

    Here the id is the user's name and the key is an API token; the token alone will do, in base64 or not.
    """
    user, _, secret = ("", "", key) if tokens.looks_like_token(key) else _decode(_decode_base64(key)).rpartition(":")
    if not tokens.looks_like_token(secret.strip()):
        raise WrongCredentials(f"The ApiKey is not an API token of access-es. {_USE}")
    return OfferedToken(secret.strip(), normalize_name(user) or None)


def _decode_base64(text: str) -> bytes:
    """In either alphabet, padded or not, as people paste it into a configuration; b"" for what is not base64."""
    bare = text.rstrip("=").translate(_TO_PLAIN_ALPHABET)
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _decode(pair: bytes) -> str:
    """RFC 7617 leaves the charset open: UTF-8 is what it recommends, latin-1 what older clients send."""
    try:
        return pair.decode("utf-8")
    except UnicodeDecodeError:
        return pair.decode("latin-1")
