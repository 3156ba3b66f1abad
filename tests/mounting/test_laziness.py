"""Without a mount nothing of this is loaded, so that it costs nothing."""

from __future__ import annotations

import ast
from pathlib import Path

import access_es

ROOT = Path(access_es.__file__).parent


def test_nobody_imports_it_before_there_is_a_mount() -> None:
    importers = {}
    for path in ROOT.rglob("*.py"):
        tree = ast.parse(path.read_text())
        at_once = {id(node) for node in tree.body}
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("access_es.mounting"):
                importers[path.relative_to(ROOT)] = id(node) in at_once
    outside = {path: at_start for path, at_start in importers.items() if path.parts[0] != "mounting"}
    assert outside == {Path("proxy.py"): False}
