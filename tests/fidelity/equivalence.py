"""When two request targets mean the same to the domain: a definition, written apart from the code it checks.

A target is read as a list of units: its first `?`, escapes, and single bytes. Two targets are equivalent when their
lists are equally long and each unit of the second is that of the first, or the only other way to write it:

- an escape in upper case for one in lower case (RFC 3986, 2.1);
- `%20` for a `+` in the query, which Elasticsearch reads as a blank;
- the escape of a byte that may not stand in a target (RFC 3986, 3.3 and 3.4), or of a `%` that begins no escape.
"""

from __future__ import annotations

import re

_UNIT = re.compile(rb"%[0-9A-Fa-f]{2}|.", re.DOTALL)
_PCHAR = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$&'()*+,;=:@/")


def units(target: bytes) -> list[tuple[bytes, bool]]:
    """Each unit, and whether it stands in the query."""
    path, mark, query = target.partition(b"?")
    return [
        *((unit, False) for unit in _UNIT.findall(path)),
        *((unit, True) for unit in _UNIT.findall(mark + query)),
    ]


def is_equivalent(sent: bytes, received: bytes) -> bool:
    before, after = units(sent), units(received)
    return len(before) == len(after) and all(
        new == _written(old, in_query) for (old, in_query), (new, _) in zip(before, after, strict=True)
    )


def is_legal(target: bytes) -> bool:
    """Whether RFC 3986 allows every byte of it."""
    return all(len(unit) == 3 or unit[0] in _PCHAR or (in_query and unit == b"?") for unit, in_query in units(target))


def _written(unit: bytes, in_query: bool) -> bytes:
    if len(unit) == 3:
        return unit.upper()
    if in_query and unit == b"+":
        return b"%20"
    if unit[0] in _PCHAR or (in_query and unit == b"?"):
        return unit
    return f"%{unit[0]:02X}".encode()
