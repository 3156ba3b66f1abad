"""When a target means the same to Elasticsearch, although a door has respelled it: weaker than `fidelity.equivalence`.

Doors that hand over a decoded path or query leave no choice of spelling. What must stay: the segments of the path once
decoded, `.` and `..` only where they were sent as such, and for each name of the query its values in their order.
"""

from __future__ import annotations

from urllib.parse import unquote_to_bytes

DOTS = (b".", b"..")


def means_the_same(sent: bytes, received: bytes) -> bool:
    (path, _, query), (other_path, _, other_query) = sent.partition(b"?"), received.partition(b"?")
    return _segments(path) == _segments(other_path) and _parameters(query) == _parameters(other_query)


def _segments(path: bytes) -> list[tuple[bytes, bool]]:
    return [(unquote_to_bytes(part), part in DOTS) for part in path.split(b"/")]


def _parameters(query: bytes) -> dict[bytes, list[bytes]]:
    found: dict[bytes, list[bytes]] = {}
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if part:
            found.setdefault(_decode(name), []).append(_decode(value))
    return found


def _decode(part: bytes) -> bytes:
    return unquote_to_bytes(part.replace(b"+", b" "))
