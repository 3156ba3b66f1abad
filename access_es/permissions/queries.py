"""The names that a search body can hold besides those of its request: lookups, artificial likes, hidden queries.

The name of an index stands beside other keys (`{"index": …, "id": …, "path": …}`), wherever a query may stand, and
queries have names that vary by version. So every such object counts, whatever it is called; a field that happens to be
called "index" stands alone in its query.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import chain
from typing import Any

from access_es.permissions.bodies import parse_object
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Need

# A body without any of these bytes names nothing, in whatever way its JSON is read: escapes need a backslash, other
# encodings have zero bytes, and overlong UTF-8 is not UTF-8.
_TELLING = (b"ndex", b"ndices", b"rapper", b"emplate", b"ipeline", b"ollate", b'"pit"', b"\\", b"\x00")
_OBJECT = re.compile(rb"[ \t\r\n]*\{")
DEFAULT_SHAPES = "shapes"  # where geo_shape looks a shape up if it is not said
_HIDDEN = {
    "wrapper": "a wrapper query hides what it reads",
    "template": "a template can look up anything",
    "templates": "a template can look up anything",
    "templateid": "a template can look up anything",
    "collate": "a collate template can look up anything",
}
_NAMING = frozenset(("index", "indices", "targetindex", "percolateindex"))
_LOOKED_FOR = _NAMING.union(_HIDDEN, ("searchpipeline", "indexedshape", "indicesboost"))


def needs_of_search(data: bytes, line: int | None = None) -> Iterator[Need]:
    """What a search body reads beyond its own index. Raises Unjudgeable where that cannot be found out."""
    if _OBJECT.match(data) and not any(telling in data for telling in _TELLING):
        try:
            data.decode("utf-8")
        except UnicodeDecodeError:
            raise Unjudgeable("its body is not UTF-8", line) from None
        return iter(())
    telling: list[dict[str, Any]] = []
    parse_object(data, line, lambda found: telling.append(found) if any(map(_plain, found)) else None)
    return chain.from_iterable(_needs_of_object(found, line) for found in telling)


def needs_of_query(body: object, line: int | None = None) -> Iterator[Need]:
    """The same for a body that is parsed already, or a part of one."""
    waiting: list[Any] = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            yield from _needs_of_object(node, line)
            waiting.extend(value for value in node.values() if isinstance(value, dict | list))
        elif isinstance(node, list):
            waiting.extend(item for item in node if isinstance(item, dict | list))


def _needs_of_object(node: dict[str, Any], line: int | None) -> Iterator[Need]:
    for key, value in node.items():
        plain = _plain(key)
        if plain:
            yield from _needs_of_entry(plain, value, len(node) == 1, line)


@lru_cache(maxsize=4096)
def _plain(key: str) -> str:
    """A key as it is looked for, "" for those that never name anything."""
    plain = key.replace("_", "").lower()  # Elasticsearch 5 still takes some names in camel case
    return plain if plain in _LOOKED_FOR else ""


def _needs_of_entry(plain: str, value: Any, is_alone: bool, line: int | None) -> Iterator[Need]:
    if plain in _NAMING:
        if not is_alone:
            yield from (Need("read", name, line) for name in _scalars(value))
    elif plain in _HIDDEN:
        raise Unjudgeable(_HIDDEN[plain], line)
    elif plain == "searchpipeline" and not isinstance(value, str):
        raise Unjudgeable("a search pipeline of its own can do anything", line)
    elif plain == "indexedshape" and isinstance(value, dict) and "index" not in value:
        yield Need("read", DEFAULT_SHAPES, line)
    elif plain == "indicesboost":
        for names in value if isinstance(value, list) else [value]:
            yield from (Need("read", name, line) for name in (names if isinstance(names, dict) else _scalars(names)))


def needs_of_index(body: object) -> Iterator[Need]:
    """What the mappings and settings of an index may lead to beyond it.

    A percolator resolves the lookups of the queries that are written to it; and an index can be made to recover from
    another one, or from a snapshot.
    """
    waiting: list[Any] = [body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, dict):
            if any("shrink" in key or "resize" in key for key in node):
                yield Need("manage", "*", unsure="a setting in its body can name another index as its source")
            waiting.extend(node.values())
        elif isinstance(node, list):
            waiting.extend(node)
        elif node in ("percolator", "remote_snapshot"):
            yield Need("manage", "*", unsure="a percolator or a snapshot in its body can lead to any index")


def _scalars(value: Any) -> Iterator[str]:
    """Names as the engines take them: text, and what they turn into text."""
    if isinstance(value, list):
        for item in value:
            yield from _scalars(item)
    elif not isinstance(value, dict) and value is not None:
        yield value if isinstance(value, str) else str(value)
