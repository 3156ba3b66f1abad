"""Regions: those that AWS has, and the nearest to one that it has not."""

from __future__ import annotations

import json
from pathlib import Path

import botocore
import pytest

from access_es.settings.regions import REGIONS, nearest, parse_region


def test_they_are_those_that_botocore_knows() -> None:
    partitions = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())["partitions"]
    known = {name for partition in partitions for name in partition["regions"]}
    assert {name for name in known if not name.endswith("-global")} == REGIONS


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("us-esat-1", "us-east-1"),
        ("us-west1", "us-west-1"),
        ("US-EAST-2", "us-east-2"),
        ("eu-cental-1", "eu-central-1"),
        ("eu_west_3", "eu-west-3"),
    ],
)
def test_a_region_that_aws_does_not_have_is_refused_with_the_nearest(text: str, name: str) -> None:
    assert nearest(text, REGIONS) == name
    with pytest.raises(ValueError, match=f"{text!r} is not a region of AWS; the nearest name is {name}"):
        parse_region(text)


def test_a_region_is_itself() -> None:
    assert all(parse_region(name) == name for name in REGIONS)
