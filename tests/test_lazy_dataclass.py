"""Values whose `__init__` is compiled late, beside those of the standard decorator."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from collections.abc import Callable
from typing import Any

import pytest

from access_es import lazy_dataclass


class Fields:
    """Every kind of field that values here have."""

    name: str
    secret: str = dataclasses.field(repr=False)
    tags: list[str] = dataclasses.field(default_factory=list)
    count: int = 3
    seen: int = dataclasses.field(default=0, compare=False)


def body() -> dict[str, Any]:
    own = {name: value for name, value in vars(Fields).items() if name not in ("__dict__", "__weakref__")}
    return {**own, "__qualname__": "Value"}


LAZY: Any = lazy_dataclass.dataclass(frozen=True, slots=True)(type("Value", (), body()))
STANDARD: Any = dataclasses.dataclass(frozen=True, slots=True)(type("Value", (), body()))
CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    (("a", "b"), {}),
    (("a",), {"secret": "b", "count": 4}),
    (("a", "b", ["t"], 5, 6), {}),
    ((), {}),
    (("a",), {}),
    (("a", "b"), {"name": "a"}),
    (("a", "b"), {"unknown": 1}),
    (("a", "b", [], 1, 2, 3), {}),
]


@lazy_dataclass.dataclass(frozen=True, slots=True)
class Point:
    x: int
    y: int = 0

    def __repr__(self) -> str:
        return "a point"


@lazy_dataclass.dataclass(frozen=True, slots=True)
class Nothing:
    pass


def outcome(make: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> object:
    try:
        value = make(*args, **kwargs)
    except TypeError as fault:
        return str(fault)
    return [repr(value), dataclasses.asdict(value)]


@pytest.mark.parametrize("call", CALLS, ids=repr)
def test_it_makes_refuses_and_shows_what_the_standard_one_does(call: tuple[tuple[Any, ...], dict[str, Any]]) -> None:
    args, kwargs = call
    assert outcome(LAZY, args, kwargs) == outcome(STANDARD, args, kwargs)


def test_the_first_call_answers_as_all_later_ones_do() -> None:
    """It is the one that compiles."""
    for args, kwargs in CALLS:
        fresh: Any = lazy_dataclass.dataclass(frozen=True, slots=True)(type("Value", (), body()))
        assert outcome(fresh, args, kwargs) == outcome(STANDARD, args, kwargs)


def test_nothing_is_compiled_before_a_value_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    compiled: list[str] = []

    def record(source: str, known: dict[str, Any], *more: Any) -> None:
        compiled.append(source)
        exec(source, known, *more)

    for module in (dataclasses, lazy_dataclass):
        monkeypatch.setattr(module, "exec", record, raising=False)
    late: Any = lazy_dataclass.dataclass(frozen=True, slots=True)(type("Late", (), body()))
    assert compiled == []
    assert late("a", "b") == late("a", "b")
    assert len(compiled) == 1


def test_equality_and_hash_are_of_the_compared_fields() -> None:
    assert Point(1) == Point(1, 0) and Point(1) != Point(2) and Point(1) != STANDARD("a", "b")
    assert hash(Point(1)) == hash(Point(1, 0)) and len({Point(1), Point(1), Point(2)}) == 2
    assert LAZY("a", "b", seen=1) == LAZY("a", "b", seen=2)
    with pytest.raises(TypeError, match="unhashable"):
        hash(LAZY("a", "b"))  # the list in it, as with the standard one


def test_a_class_may_have_no_fields() -> None:
    assert Nothing() == Nothing() and hash(Nothing()) == hash(Nothing()) and repr(Nothing()) == "Nothing()"
    with pytest.raises(TypeError):
        Nothing(1)  # type: ignore[call-arg]


def test_each_value_has_its_own_default() -> None:
    first, second = LAZY("a", "b"), LAZY("a", "b")
    first.tags.append("t")
    assert second.tags == []


def test_a_value_cannot_be_changed() -> None:
    point = Point(1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    with pytest.raises(dataclasses.FrozenInstanceError):
        point.other = 1  # type: ignore[attr-defined]
    assert not hasattr(point, "__dict__")


def test_methods_of_the_class_stay() -> None:
    assert repr(Point(1)) == "a point"


def test_it_is_a_dataclass() -> None:
    assert dataclasses.is_dataclass(Point) and [field.name for field in dataclasses.fields(Point)] == ["x", "y"]
    assert dataclasses.replace(Point(1), y=2) == Point(1, 2) and dataclasses.asdict(Point(1)) == {"x": 1, "y": 0}
    match Point(1, 2):
        case Point(x, y):
            assert (x, y) == (1, 2)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_are_equal(copied: Callable[[Any], Any]) -> None:
    assert copied(Point(1, 2)) == Point(1, 2)
