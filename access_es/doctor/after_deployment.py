"""The last lines of `zappa deploy`: the address to open, how to add the first user, and whether all is well."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from access_es.doctor.examine import examine
from access_es.errors import AccessEsError
from access_es.provision.address import find_start_page
from access_es.provision.deploying import DEPLOYING
from access_es.provision.finding import Finding


def show(cli: Any) -> None:
    """Of `zappa update` the address alone. Nothing here can make a deployment fail: it is done."""
    if cli.command not in DEPLOYING:
        return
    file, stage = Path((cli.vargs or {}).get("settings_file") or "zappa_settings.json"), cli.api_stage
    command = f"{_python()} -m access_es --stage {stage}"
    print(f"\nOpen        {find_start_page(file, stage, cli.lambda_name) or 'the address below'}")
    if cli.command == "deploy":
        print(f"First user  {command} users add NAME --invite")
        print(f"Doctor      {_verdict(file, stage, command)}")
    print()


def _verdict(file: Path, stage: str, command: str) -> str:
    try:
        return verdict(examine(file, stage, os.environ), command)
    except AccessEsError as error:
        return f"could not look: {error.message}"


def verdict(findings: Iterable[Finding], command: str) -> str:
    """One line: the first fault and its fix, or that there is none. `command` is how ours are called."""
    found = list(findings)
    faults = [one for one in found if one.level == "fault"]
    warnings = sum(one.level == "warning" for one in found)
    if not faults:
        return "all is well" + (f", with {_count(warnings, 'warning')}: {command} doctor" if warnings else "")
    more = f" ({_count(len(faults) - 1, 'more fault')}: {command} doctor)" if len(faults) > 1 else ""
    return f"{faults[0].says}. Fix: {faults[0].fix}{more}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _python() -> str:
    """As a person in this folder would type it."""
    here = Path(sys.executable)
    return str(here.relative_to(Path.cwd())) if here.is_relative_to(Path.cwd()) else "python"
