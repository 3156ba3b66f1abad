"""Texts that become values, and what is said of those that do not."""

from __future__ import annotations

import pytest

from access_es.settings import parsers


def test_numbers() -> None:
    assert parsers.positive(float)("0.25") == 0.25
    assert parsers.positive(int, 60)("60") == 60


@pytest.mark.parametrize("text", ["0", "-1", "inf", "nan", "1e999", "soon", "", "61"])
def test_what_is_no_number_in_range_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|is not a number"):
        parsers.positive(float, 60)(text)


@pytest.mark.parametrize(("text", "value"), [("TRUE", True), ("1", True), ("no", False), ("False", False)])
def test_booleans(text: str, value: bool) -> None:
    assert parsers.boolean(text) is value


def test_the_whole_text_must_match() -> None:
    parse = parsers.matching("es|aoss", "es or aoss")
    assert parse("aoss") == "aoss"
    for text in ("es ", "es\n", "aossx", ""):
        with pytest.raises(ValueError, match="is not es or aoss"):
            parse(text)


def test_names_are_separated_by_commas() -> None:
    assert parsers.names(" a, ,b ,") == ("a", "b")


@pytest.mark.parametrize(
    ("parse", "good", "wrong"),
    [
        (parsers.role_arn, "arn:aws-cn:iam::123456789012:role/path/name", "arn:aws:iam::1:role/x"),
        (parsers.domain_arn, "arn:aws:es:us-east-1:123456789012:domain/logs", "arn:aws:s3:::bucket"),
        (parsers.path, "/_dashboards/app?x=%20", "/\\evil"),
        (parsers.path, "/", "//evil"),
        (parsers.bucket, "my-bucket", "my.bucket"),
        (parsers.namespace, "access-es/dev", "AWS/Lambda"),
        (parsers.front_door, "rest:60", "rest:0"),
        (parsers.tasks_table, "file:/tmp/x", "a b"),
        (parsers.region, "us-gov-west-1", "US-EAST-1"),
    ],
)
def test_each_form(parse: object, good: str, wrong: str) -> None:
    assert callable(parse) and parse(good) == good
    with pytest.raises(ValueError, match="is not"):
        parse(wrong)
