"""The command `users import`."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from access_es.errors import AccessEsError, BadRequest
from access_es.users.command_line import add_action, find_address, print_json, print_table, print_text, warn_of_groups
from access_es.users.directory import Directory
from access_es.users.fields import Fields, time_text
from access_es.users.invitations import PATH, Invitation
from access_es.users.user_file import FileFaults, read_user_file
from access_es.users.user_import import ImportStep, plan_import

_DONE = {"add": "added", "update": "groups changed", "keep": "unchanged"}
_REPEAT = "What is listed is done; import the file again for the rest."
_PLANNED = {"add": "to be added", "update": "groups to be changed", "keep": "unchanged"}


@dataclass(frozen=True, slots=True)
class _Outcome:
    step: ImportStep
    link: str = ""
    invitation: Invitation | None = None


def register_import(actions: Any) -> None:
    what = "add the users that a file lists, as CSV or JSON; those that exist are left alone"
    parser = add_action(actions, "import", import_users, what)
    parser.add_argument("file", metavar="FILE", help="columns: name and, if you like, groups; - is standard input")
    parser.add_argument("--invite", action="store_true", help="print a link for each of them who has no password yet")
    parser.add_argument("--url", metavar="URL", help="with --invite: the address of access-es, for the whole links")
    parser.add_argument("--update", action="store_true", help="put those that exist into the groups of the file")
    parser.add_argument("--dry-run", action="store_true", help="show what would be done, and do nothing")


def import_users(args: argparse.Namespace, directory: Directory) -> int:
    try:
        listed = read_user_file(_read(args.file))
    except FileFaults as wrong:
        print("\n".join([*wrong.faults, "Nothing was imported."]), file=sys.stderr)
        return 1
    known = {user.name: user for user in directory.users()}
    steps = plan_import(listed, known, updates=args.update, invites=args.invite)
    warn_of_groups(args, [group for step in steps if step.action != "keep" for group in step.groups])
    if args.dry_run:
        return _report(args, [_Outcome(step) for step in steps])
    address = find_address(args) if any(step.invites for step in steps) else ""
    return _carry_out_all(args, steps, directory, address)


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise BadRequest(f"The file '{name}' cannot be read: {error.strerror}. Nothing was imported.") from None


def _carry_out_all(args: argparse.Namespace, steps: list[ImportStep], directory: Directory, address: str) -> int:
    """Where one step fails, what was done before it is reported: its links are not shown again."""
    outcomes: list[_Outcome] = []
    try:
        for step in steps:
            outcomes.append(_carry_out(step, directory, address))
    except AccessEsError as error:
        _report(args, outcomes)
        why = " ".join((error.detail or error.message).split())
        print(f"Stopped at '{steps[len(outcomes)].name}': {why} {_REPEAT}", file=sys.stderr)
        return 1
    return _report(args, outcomes)


def _carry_out(step: ImportStep, directory: Directory, address: str) -> _Outcome:
    if step.action == "add":
        directory.add_invited(step.name, step.groups)
    elif step.action == "update":
        directory.set_groups(step.name, step.groups)
    if not step.invites:
        return _Outcome(step)
    invitation, sealed = directory.invite(step.name)
    return _Outcome(step, f"{address}{PATH}{sealed}", invitation)


def _report(args: argparse.Namespace, outcomes: list[_Outcome]) -> int:
    words = _PLANNED if args.dry_run else _DONE
    if args.json:
        return print_json([_fields(outcome) for outcome in outcomes])
    head = ("name", "groups", "what", "link") if args.invite else ("name", "groups", "what")
    print_table(head, [_row(outcome, words)[: len(head)] for outcome in outcomes])
    if any(outcome.invitation for outcome in outcomes):
        print("Each link works once, for 48 hours, and is not shown again.", file=sys.stderr)
    return print_text("Nothing was changed: this was a dry run.") if args.dry_run else 0


def _row(outcome: _Outcome, words: dict[str, str]) -> tuple[str, ...]:
    step = outcome.step
    link = outcome.link or ("to be made" if step.invites else "-")
    return step.name, ", ".join(step.groups) or "-", "; ".join(filter(None, (words[step.action], step.note))), link


def _fields(outcome: _Outcome) -> Fields:
    step, invitation = outcome.step, outcome.invitation
    fields: Fields = {"name": step.name, "groups": list(step.groups), "action": step.action, "note": step.note or None}
    fields["invited"] = step.invites
    if invitation is not None:
        fields |= {"link": outcome.link, "valid_until": time_text(invitation.until)}
    return fields
