"""The command `doctor`."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from access_es.doctor.deployed_door import examine_door
from access_es.doctor.examine import examine
from access_es.provision.finding import Finding

_GOOD, _REFUSED = 0, 1
_MARKS = {"good": "ok", "unknown": "??", "warning": "!", "fault": "!!"}


def register(subparsers: Any) -> None:
    """Add `doctor` to what `argparse.ArgumentParser.add_subparsers` gave; it sets `aws_command`."""
    what = "say what is wrong with a stage, and what fixes it"
    parser: argparse.ArgumentParser = subparsers.add_parser("doctor", help=what, description=what)
    parser.add_argument(
        "--door", nargs="?", const="", metavar="URL",
        help="only send test requests to the deployed front door, or to URL, and say what arrived",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(aws_command=doctor)


def doctor(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """1 where something is wrong; warnings alone are 0."""
    file = Path(args.settings)
    findings = (
        examine(file, args.stage, environ) if args.door is None else examine_door(file, args.stage, environ, args.door)
    )
    found = list(findings) if args.json else list(_print_findings(findings))
    if args.json:
        print(json.dumps([finding.as_json() for finding in found], indent=2))
    return _REFUSED if any(finding.level == "fault" for finding in found) else _GOOD


def _print_findings(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Print each finding as soon as it is known. A fix for several in a row is printed once, below the last of them."""
    fix = ""
    for finding in findings:
        if finding.fix != fix:
            _print_fix(fix)
        print(f"{_MARKS[finding.level]:<3} {finding.topic:<12} {finding.says}", flush=True)
        fix = finding.fix
        yield finding
    _print_fix(fix)


def _print_fix(fix: str) -> None:
    if fix:
        print(f"{'':<16} fix: {fix}", flush=True)
