"""Zappa's callbacks, as the settings name them. Each is called with the ZappaCLI (Zappa cli.py, `callback`).

Zappa runs this file by itself, under the name `callbacks`, and without the project in the import path: so that comes
first, and everything else lies in `deploying`.
"""

from __future__ import annotations

import importlib
import sys
import sysconfig
from pathlib import Path
from typing import Any

PROJECT = str(Path(__file__).resolve().parent.parent.parent)


def settings(cli: Any) -> None:
    """On every command, before Zappa reads roles."""
    _deploying().check(cli)


def zip(cli: Any) -> None:
    """When the package is made, and nothing is deployed yet."""
    prune(cli)
    _deploying().make(cli)


def prune(cli: Any) -> None:
    """Remove from the package what no call of ours reads. A callback of its own, for use without provisioning."""
    pruning = _module("provision.prune")
    excluded = pruning.unrelated_names(Path.cwd(), Path(sysconfig.get_path("purelib")))
    has_settings = (Path(PROJECT) / "access_es" / "settings").is_dir()  # another app, pruned the same way, has none
    pruning.prune_package(Path(cli.zip_path), excluded, _deploying().packed_files(cli) if has_settings else {})


def post(cli: Any) -> None:
    """At the end: the function and its address exist."""
    _deploying().make(cli)
    _module("doctor.after_deployment").show(cli)


def _deploying() -> Any:
    return _module("provision.deploying")


def _module(name: str) -> Any:
    if PROJECT not in sys.path:
        sys.path.insert(0, PROJECT)
    return importlib.import_module(f"access_es.{name}")
