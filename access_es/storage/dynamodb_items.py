"""DynamoDB's items as plain values and back (DynamoDB API reference, "AttributeValue")."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from access_es.storage.errors import StoreUnusable

T = TypeVar("T")
Value = str | bytes | bool | int | float | tuple[str, ...]
Item = Mapping[str, Value]
Attributes = dict[str, dict[str, Any]]


def to_attributes(item: Item) -> Attributes:
    return {name: _to_attribute(value) for name, value in item.items()}


def from_attributes(attributes: Mapping[str, Mapping[str, Any]]) -> dict[str, Value]:
    """The attributes of the types we write; others are not ours and left out."""
    decoded = {name: _from_attribute(attribute) for name, attribute in attributes.items()}
    return {name: value for name, value in decoded.items() if value is not None}


def read_record(kind: Callable[..., T], item: Mapping[str, Value | None], names: Iterable[str]) -> T:
    """A record from an item, which people can change in the console."""
    try:
        return kind(**{name: item[name] for name in names})
    except KeyError as missing:
        raise StoreUnusable(
            detail=f"The item {item['pk']!r} / {item['sk']!r} of the accounts table lacks {missing}"
        ) from None


def _to_attribute(value: Value) -> dict[str, Any]:
    match value:
        case bool():
            return {"BOOL": value}
        case str():
            return {"S": value}
        case bytes():
            return {"B": value}
        case tuple():
            return {"L": [{"S": text} for text in value]}
    return {"N": repr(value)}


def _from_attribute(attribute: Mapping[str, Any]) -> Value | None:
    match attribute:
        case {"S": str(value)} | {"B": bytes(value)} | {"BOOL": bool(value)}:
            return value
        case {"N": str(digits)}:
            return int(digits) if digits.lstrip("-").isdecimal() else float(digits)
        case {"L": list(texts)} if all(isinstance(text.get("S"), str) for text in texts):
            return tuple(text["S"] for text in texts)
    return None
