"""Keys that Zappa would pass over in silence."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

from access_es.provision.zappa_names import ZAPPA_NAMES, check_names

FILE = Path(__file__).parents[2] / "zappa_settings.json"


@pytest.mark.parametrize(
    ("name", "fix"),
    [
        ("timeout_secs", 'call it "timeout_seconds"'),
        ("manage_rolse", 'call it "manage_roles"'),
        ("aws-region", 'call it "aws_region"'),
        ("Keep_Warm", 'call it "keep_warm"'),
        ("ES_ENDPOINT", 'move "ES_ENDPOINT" into "environment_variables"'),
    ],
)
def test_an_unknown_key_is_reported_with_the_nearest_known_one(name: str, fix: str) -> None:
    (found,) = check_names([name])
    assert (found.level, found.fix) == ("fault", fix) and name in found.says


def test_notes_of_ones_own_are_left_alone() -> None:
    assert list(check_names(["_timeout_seconds", "#domain", "owner", "ticket"])) == []


def test_our_own_file_has_no_such_key() -> None:
    stages = json.loads(FILE.read_text())
    assert [found for keys in stages.values() for found in check_names(keys)] == []


def test_all_that_zappa_reads_is_known() -> None:
    spec = importlib.util.find_spec("zappa")
    assert spec and spec.submodule_search_locations
    source = Path(spec.submodule_search_locations[0], "cli.py").read_text()
    read = set(re.findall(r"""stage_config(?:\.get\(|\[)\s*["']([a-z_0-9]+)["']""", source))
    assert len(read) > 80 and read <= ZAPPA_NAMES
