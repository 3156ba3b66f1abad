"""The table of settings: every row is whole, used and documented."""

from __future__ import annotations

import ast
import dataclasses
from pathlib import Path

import pytest

from access_es.settings.document import put_tables, tables
from access_es.settings.names import NAMES, TABLE, Settings

ROOT = Path(__file__).parents[2]


def test_the_documentation_has_the_table() -> None:
    """To bring it up to date: python -m access_es.settings.document docs/settings.md"""
    text = (ROOT / "docs" / "settings.md").read_text()
    assert text == put_tables(text)


def test_the_tables_have_every_setting_once() -> None:
    lines = tables().splitlines()
    assert [sum(line.startswith(f"| `{name}` |") for line in lines) for name in NAMES] == [1] * len(NAMES)
    assert len(NAMES) == len(TABLE) == len(dataclasses.fields(Settings))


def test_groups_are_not_scattered() -> None:
    groups = [row.group for row in NAMES.values()]
    assert [group for at, group in enumerate(groups) if group != groups[at - 1]] == list(dict.fromkeys(groups))


@pytest.mark.parametrize("name", NAMES)
def test_a_row_reads_well(name: str) -> None:
    row = NAMES[name]
    assert row.meaning.endswith(".") and not row.required.endswith(".")
    assert set(row.refers_to) <= set(NAMES) and bool(row.derive) == bool(row.refers_to)
    assert "|" not in row.meaning + row.shown_default


@pytest.mark.parametrize("field", TABLE)
def test_each_setting_is_used(field: str) -> None:
    """Somewhere outside the folder `settings`, as an attribute of a value that is called settings."""
    files = [file for file in (ROOT / "access_es").rglob("*.py") if file.parent.name != "settings"]
    assert any(field in attributes(file) for file in files)


def attributes(file: Path) -> set[str]:
    return {
        node.attr
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node.value).endswith("settings")
    }


def test_a_secret_is_not_shown() -> None:
    shown = {field.name for field in dataclasses.fields(Settings) if field.repr}
    assert {field for field, row in TABLE.items() if "SECRET" in row.name} & shown == set()
