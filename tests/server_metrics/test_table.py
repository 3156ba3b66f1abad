"""The values that labels may have are those that the code gives, no more and no less."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from access_es.errors import AccessEsError
from access_es.server import refusal
from access_es.server.body import RequestBodyError
from access_es.server.metrics import table
from tests.test_audit_document import rows

ROOT = Path(__file__).parents[2]
# Errors of commands, which no request ever gets.
_NOT_OF_REQUESTS = {"settings", "address_unusable", "provision_failed"}


def errors_of(root: type[AccessEsError]) -> Iterator[type[AccessEsError]]:
    yield root
    for each in root.__subclasses__():
        yield from errors_of(each)


def test_every_code_of_an_error_is_known() -> None:
    for path in (ROOT / "access_es").rglob("*.py"):
        if any(isinstance(node, ast.ClassDef) for node in ast.parse(path.read_text()).body):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            if not name.startswith("access_es.demo") and not name.endswith(".__main__"):
                importlib.import_module(name)
    ours = {error.code for error in errors_of(AccessEsError) if error.__module__.startswith("access_es.")}
    assert ours - _NOT_OF_REQUESTS == set(table.ERRORS) - {table.OTHER}


def test_every_event_and_every_delivery_of_the_audit_is_known() -> None:
    assert rows("## Events") == set(table.EVENTS) - {table.OTHER}
    assert rows("## How an answer was sent") == set(table.DELIVERIES)


def test_every_refusal_of_the_server_is_known() -> None:
    named = {value.code for value in vars(refusal).values() if isinstance(value, refusal.Refusal)}
    body = {RequestBodyError.code, *(each.code for each in RequestBodyError.__subclasses__())}
    assert named | body == set(table.REFUSALS) - {table.OTHER}


def test_every_metric_has_cells_of_its_own() -> None:
    assert all(one.first + one.width == other.first for one, other in pairwise(table.METRICS))
    assert table.METRICS[0].first == 0 and table.CELLS < 300  # so much is written at each scrape, and by nobody outside
