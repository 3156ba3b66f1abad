"""The document of the audit log and the code say the same."""

from __future__ import annotations

import ast
import json
import re
from io import BytesIO
from pathlib import Path

from access_es.audit import Entry
from access_es.messages import ProxyRequest

ROOT = Path(__file__).parent.parent
DOCUMENT = (ROOT / "docs" / "audit.md").read_text()


def rows(heading: str) -> set[str]:
    """The words in code of the first column of the table below a heading, or below the title."""
    section = DOCUMENT.partition(heading)[2].partition("\n## ")[0]
    return {found[1] for line in section.splitlines() if (found := re.match(r"\| `([a-z_]+)[ …]*` \|", line))} - {
        heading_of(section)
    }


def heading_of(section: str) -> str:
    """The name of the first column, where it is in code."""
    found = re.search(r"\| `([a-z_]+)` \| [a-z]+ \|\n\|---", section)
    return found[1] if found else ""


def test_every_field_is_documented() -> None:
    written: list[str] = []
    request = ProxyRequest("id", "GET", b"/logs/_search?q=x", (), BytesIO(), "https", "192.0.2.1")
    entry = Entry(request, written.append, user="ann", how="token", upstream_seconds=0.1)
    entry.event, entry.token, entry.error, entry.groups = "sign_in", "ci", "forbidden", ("ops",)
    entry.role, entry.rule, entry.name = "analyst", "read logs-*", "Ann"
    entry.target, entry.detail = "bob", "ops"
    entry.layer, entry.task, entry.spilled_bytes = "access-es", "hedge", 7
    entry.finish()
    assert set(json.loads(written[0])) == rows("# The audit log")


def test_every_event_is_documented() -> None:
    assert events() == rows("## Events")


def events() -> set[str]:
    """The literals given to `page.audit`, and assigned to an entry's `event`."""
    found = set()
    for path in (ROOT / "access_es").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(attr="audit"), args=[ast.Constant(value=str(event)), *_]):
                    found.add(event)
                case ast.Assign(targets=[ast.Attribute(attr="event")], value=value):
                    found |= {
                        c.value for c in ast.walk(value) if isinstance(c, ast.Constant) and isinstance(c.value, str)
                    }
    return found


def test_every_way_of_delivery_is_documented() -> None:
    known = rows("## How an answer was sent")
    for path in (ROOT / "access_es").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Assign(targets=[ast.Attribute(attr="delivery")], value=ast.Constant(value=str(how))):
                    assert how in known, path
                case ast.Call(func=ast.Name(id="OwnReply" | "Fitted"), args=[_, ast.Constant(value=str(how))]):
                    assert how in known, path
