"""The command `provision`: shows or creates what a stage needs in AWS."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from access_es.errors import AwsFailure
from access_es.program import program
from access_es.provision.apply import ProvisionFailed, apply
from access_es.provision.plan import desired_policy
from access_es.provision.prepare import Prepared, prepare
from access_es.provision.removal import plan_removal
from access_es.provision.step import Plan
from access_es.settings.file import LOCAL

_GOOD, _REFUSED = 0, 1


def register(subparsers: Any) -> None:
    """Add `provision` to what `argparse.ArgumentParser.add_subparsers` gave; it sets `aws_command`."""
    what = "create what a stage needs in AWS; `zappa deploy` does the same"
    parser: argparse.ArgumentParser = subparsers.add_parser("provision", help=what, description=what)
    parser.add_argument("--plan", action="store_true", help="print the steps without running them")
    parser.add_argument("--policy", action="store_true", help="print the policy of the function's role")
    parser.add_argument(
        "--remove-data", action="store_true", help="delete users, tasks, answers and the secret, after `zappa undeploy`"
    )
    parser.add_argument("--yes", action="store_true", help="with --remove-data: do not ask for confirmation")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(aws_command=provision)


def provision(args: argparse.Namespace, environ: Mapping[str, str]) -> int:
    """The exit status. Raises SettingsError, ProvisionFailed."""
    if args.stage == LOCAL:
        print(f"The local stage needs nothing in AWS. For another one: {program()} --stage dev provision")
        return _GOOD
    prepared = prepare(Path(args.settings), args.stage)
    if args.policy:
        print(json.dumps(desired_policy(prepared.deployment, prepared.found), indent=4))
        return _GOOD
    plan = _plan(args, prepared)
    if prepared.deployment.permissions is None and not args.remove_data:
        print("PERMISSIONS is not set: everybody who is signed in may do everything.", file=sys.stderr)
    if args.plan:
        return _show(plan, args.json)
    if args.remove_data and not args.yes and not _is_confirmed(args.stage, plan):
        print("Nothing was deleted.", file=sys.stderr)
        return _REFUSED
    done: list[str] = []
    apply(plan, prepared.call, lambda what: done.append(what) if args.json else print(f"done  {what}"))
    _print_rest(plan, done, args.json)
    return _GOOD


def _plan(args: argparse.Namespace, prepared: Prepared) -> Plan:
    if not args.remove_data:
        return prepared.plan
    try:
        return plan_removal(prepared.deployment, prepared.found, prepared.call)
    except AwsFailure as failure:
        raise ProvisionFailed(f"The resources in AWS cannot be read: {failure.detail}") from failure


def _show(plan: Plan, as_json: bool) -> int:
    """1 where the plan has blockers."""
    if as_json:
        print(json.dumps(_facts(plan), indent=2))
    else:
        for step in plan.steps:
            print(f"would {step.what}  ({step.service}:{step.operation})")
        for what in plan.later:
            print(f"later {what}")
        for blocker in plan.blockers:
            print(f"{blocker.what}: {blocker.fix}.", file=sys.stderr)
        if plan == Plan():
            print("Nothing to do.")
    return _REFUSED if plan.blockers else _GOOD


def _facts(plan: Plan) -> dict[str, Any]:
    return {
        "steps": [{"what": step.what, "action": f"{step.service}:{step.operation}"} for step in plan.steps],
        "later": list(plan.later),
        "obstacles": [{"what": blocker.what, "fix": blocker.fix} for blocker in plan.blockers],
    }


def _print_rest(plan: Plan, done: list[str], as_json: bool) -> None:
    if as_json:
        print(json.dumps({"done": done, "later": list(plan.later)}, indent=2))
        return
    for what in plan.later:
        print(f"later {what}")
    if not plan.steps:
        print("Nothing to do.")


def _is_confirmed(stage: str, plan: Plan) -> bool:
    for step in plan.steps:
        print(f"would {step.what}")
    if not sys.stdin.isatty():
        print("Use --yes to delete it.", file=sys.stderr)
        return False
    return input(f"This cannot be undone. To continue, type the name of the stage, {stage}: ").strip() == stage
