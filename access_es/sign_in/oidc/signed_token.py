"""Reads a signed token and verifies its signature. The only home of the library that does so, loaded when needed."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any

from access_es.lazy_dataclass import dataclass
from access_es.sign_in.oidc.errors import TokenInvalid
from access_es.sign_in.oidc.key_set import KEY_TYPES

MAX_CHARACTERS = 16 * 1024  # checked before anything is decoded
_RSA_BITS = (2_048, 4_096)


@dataclass(frozen=True, slots=True)
class TokenHeader:
    algorithm: str
    kid: str | None
    type: str


def read_header(token: str) -> TokenHeader:
    """What the token says of itself. Raises TokenInvalid unless it is signed in a way that is accepted.

    Keys and addresses of keys in the header (`jwk`, `jku`, `x5c`, `x5u`) are never looked at. `crit` names extensions
    that must be understood (RFC 7515, 4.1.11), and none is.
    """
    if len(token) > MAX_CHARACTERS:
        raise TokenInvalid(detail=f"The token has {len(token)} characters, at most {MAX_CHARACTERS} are read.")
    header = _decode_object(token.partition(".")[0])
    algorithm, kid, kind = header.get("alg"), header.get("kid"), header.get("typ", "")
    if not isinstance(algorithm, str) or algorithm not in KEY_TYPES:
        raise TokenInvalid(detail=f"The token is signed with {algorithm!r:.40}, not with {' or '.join(KEY_TYPES)}.")
    if "crit" in header or "b64" in header:
        raise TokenInvalid(detail="The token has critical header parameters that are not known.")
    if not (kid is None or isinstance(kid, str)) or not isinstance(kind, str):
        raise TokenInvalid(detail="The token's header is malformed.")
    return TokenHeader(algorithm, kid, kind.lower())


def verify_signature(token: str, header: TokenHeader, key: Mapping[str, Any]) -> dict[str, Any]:
    """The claims, if the key signed them. Raises TokenInvalid. What they say is checked elsewhere."""
    import jwt  # PyJWT and cryptography: loaded by those requests alone that verify a token
    from jwt.api_jws import PyJWS

    try:
        public = jwt.PyJWK(dict(key), algorithm=header.algorithm)
        _check_strength(public.key)
        payload = PyJWS(algorithms=[header.algorithm]).decode(token, public.key, algorithms=[header.algorithm])
        claims = json.loads(payload)
    except (jwt.PyJWTError, ValueError, TypeError, KeyError, RecursionError) as fault:
        raise TokenInvalid(detail=f"The token's signature does not hold: {type(fault).__name__}.") from None
    if not isinstance(claims, dict):
        raise TokenInvalid(detail="The token holds no claims.")
    return claims


def peek_claims(token: str) -> Mapping[str, Any]:
    """The claims, NOT verified: only to choose which issuer's keys to verify them with."""
    parts = token.split(".")
    if len(token) > MAX_CHARACTERS or len(parts) != 3:
        raise TokenInvalid(detail="The token does not have the form of a signed token.")
    return _decode_object(parts[1])


def _check_strength(key: Any) -> None:
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    if isinstance(key, RSAPublicKey):
        exponent, (least, most) = key.public_numbers().e, _RSA_BITS
        if not least <= key.key_size <= most or exponent % 2 == 0 or not 3 <= exponent < 2**32:
            raise ValueError("the key is too weak or too large")
    elif not isinstance(key, EllipticCurvePublicKey):
        raise ValueError("the key is not a public one")


def _decode_object(part: str) -> dict[str, Any]:
    try:
        decoded = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
        found = json.loads(decoded)
    except (binascii.Error, ValueError, RecursionError):
        raise TokenInvalid(detail="The token does not have the form of a signed token.") from None
    if not isinstance(found, dict):
        raise TokenInvalid(detail="The token does not have the form of a signed token.")
    return found
