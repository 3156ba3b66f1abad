"""docs/permissions.md is true: its examples are valid, and allow and refuse what it says."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from access_es.permissions.cursors import Cursors
from access_es.permissions.form import parse_permissions
from access_es.permissions.judge import judge
from access_es.permissions.verdict import Allowed, Request
from access_es.upload import Upload

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "permissions.md").read_text()
PERMISSIONS = parse_permissions((ROOT / "deploy" / "permissions.json").read_text())


def test_the_example_is_valid_and_gives_every_role_to_a_group() -> None:
    assert set(PERMISSIONS.roles) == {name for names in PERMISSIONS.groups.values() for name in names}
    assert set(PERMISSIONS.roles) == set(re.findall(r"^\| `([a-z]+)` \| ", DOCUMENT, re.MULTILINE))


def test_the_blocks_in_the_document_are_valid_and_the_first_is_a_part_of_it() -> None:
    block, signing = re.findall(r"^```json\n(.*?)^```", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert parse_permissions({"roles": {"reader": json.loads(signing)}}).signing_roles
    shown = parse_permissions(block)
    assert shown.roles.items() <= PERMISSIONS.roles.items()
    assert shown.groups.items() <= PERMISSIONS.groups.items()


def test_the_example_of_the_administrators_document_is_valid() -> None:
    document = (ROOT / "docs" / "administration.md").read_text()
    [block] = re.findall(r"^```json\n(.*?)^```", document, re.MULTILINE | re.DOTALL)
    assert [role.name for role in parse_permissions(block).roles.values() if role.admin] == ["people"]


ASKED = [
    ("data", "GET", "/logs-2026*/_search", True),
    ("data", "GET", "/logs-*,-logs-old/_search", True),
    ("data", "GET", "/l*/_search", False),
    ("data", "GET", "/_search", False),
    ("data", "PUT", "/logs-1/_doc/1", False),
    ("data", "GET", "/_plugin/kibana/app/kibana", True),
    ("jobs", "PUT", "/logs-app-1/_doc/1", True),
    ("jobs", "GET", "/logs-app-1/_search", True),
    ("jobs", "GET", "/logs-1/_search", False),
    ("jobs", "GET", "/_dashboards/app/home", False),
    ("search-team", "PUT", "/team-x", True),
    ("search-team", "DELETE", "/logs-1", False),
    ("ops", "PUT", "/_cluster/settings", True),
]


@pytest.mark.parametrize(("group", "method", "target", "allowed"), ASKED)
def test_it_allows_and_refuses_what_it_says(group: str, method: str, target: str, allowed: bool) -> None:
    roles = PERMISSIONS.roles_of([group])
    verdict = judge(roles, Request(method, target.encode(), (), Upload(b"")), Cursors(["s" * 32], "ann", 0.0))
    assert isinstance(verdict, Allowed) is allowed
