"""The tables of docs/settings.md, made of the table of settings: `python -m access_es.settings.document FILE`.

What stands between the two marks in the file is replaced; a test compares.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from access_es.settings.names import NAMES
from access_es.settings.setting import Setting

BEGIN, END = "<!-- the table of settings: made by access_es.settings.document -->", "<!-- end of the table -->"


def tables() -> str:
    """One table for each group, in the order of the settings."""
    groups = dict.fromkeys(row.group for row in NAMES.values())
    return "\n\n".join(_table(group) for group in groups)


def put_tables(text: str) -> str:
    """The text with the tables between its two marks."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _table(group: str) -> str:
    rows = [f"| `{row.name}` | {_default(row)} | {row.meaning} |" for row in NAMES.values() if row.group == group]
    return "\n".join([f"## {group}", "", "| setting | default | meaning |", "|---|---|---|", *rows])


def _default(row: Setting) -> str:
    if row.shown_default:
        return row.shown_default
    none = "required" if row.required else "none"
    if row.local:
        return f"{none}; locally `{row.local.format(state='.access-es')}`"
    return none if row.required or row.default is None else f"`{_text(row.default)}`"


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple):
        return ",".join(value)
    return f"{value:g}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    file = Path(sys.argv[1])
    file.write_text(put_tables(file.read_text(encoding="utf-8")), encoding="utf-8")
