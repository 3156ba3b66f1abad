"""Which of an issuer's keys a token was signed with (RFC 7517)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

KEY_TYPES = {"RS256": "RSA", "ES256": "EC"}  # those that are accepted, whatever a token or a provider says
KeySet = Mapping[str, Any]


def find_key(key_set: KeySet, algorithm: str, kid: str | None) -> Mapping[str, Any] | None:
    """The one key that fits; None where there is none, or it is not clear which.

    Key sets also hold keys for encryption, and keys of other algorithms. A key may lack `use` and `alg`; where it has
    them, they count. Without a `kid` in the token only a single key can be meant.
    """
    listed = key_set.get("keys")
    fitting = [key for key in listed if _fits(key, algorithm)] if isinstance(listed, list) else []
    if kid is not None:
        fitting = [key for key in fitting if key.get("kid") == kid]
    return fitting[0] if len(fitting) == 1 else None


def _fits(key: Any, algorithm: str) -> bool:
    return (
        isinstance(key, dict)
        and key.get("kty") == KEY_TYPES[algorithm]
        and key.get("use", "sig") == "sig"
        and key.get("alg", algorithm) == algorithm
        and (not isinstance(operations := key.get("key_ops"), list) or "verify" in operations)
        and (algorithm != "ES256" or key.get("crv") == "P-256")
    )
