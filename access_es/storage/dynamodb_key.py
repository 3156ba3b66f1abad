"""The keys and names that DynamoDB accepts."""

from __future__ import annotations

import re

Key = tuple[str, str]
"""The pk and sk of one item."""

TABLE_NAME = re.compile(r"[A-Za-z0-9_.-]{3,255}")  # DynamoDB Developer Guide, "Naming rules"
_PK_BYTES, _SK_BYTES = 2_048, 1_024


def is_valid_key(key: Key) -> bool:
    """Whether DynamoDB accepts such a key. A name that somebody typed may be anything."""
    try:
        pk, sk = (part.encode() for part in key)
    except UnicodeEncodeError:
        return False
    return 1 <= len(pk) <= _PK_BYTES and 1 <= len(sk) <= _SK_BYTES
