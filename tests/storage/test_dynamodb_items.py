"""DynamoDB's items as plain values."""

from __future__ import annotations

import pytest

from access_es.storage.dynamodb_items import Item, Value, from_attributes, to_attributes


@pytest.mark.parametrize(
    "value", ["", "ü", b"", b"\x00\xff", True, False, 0, -5, 1_800_000_000, 1.5, 1e-9, 1e30, (), ("a", "ü")]
)
def test_a_value_comes_back_as_it_was(value: Value) -> None:
    decoded = from_attributes(to_attributes({"x": value}))["x"]
    assert decoded == value
    assert type(decoded) is type(value)


def test_the_types_are_those_of_dynamodb() -> None:
    item: Item = {"text": "a", "bytes": b"b", "flag": True, "whole": 7, "part": 0.25, "names": ("a", "b")}
    assert to_attributes(item) == {
        "text": {"S": "a"},
        "bytes": {"B": b"b"},
        "flag": {"BOOL": True},
        "whole": {"N": "7"},
        "part": {"N": "0.25"},
        "names": {"L": [{"S": "a"}, {"S": "b"}]},
    }


def test_types_that_are_not_ours_are_left_out() -> None:
    assert from_attributes({"a": {"NULL": True}, "b": {"L": [{"N": "1"}]}, "c": {"S": "x"}}) == {"c": "x"}
