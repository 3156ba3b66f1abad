"""The command `changes`."""

from __future__ import annotations

import argparse
from typing import Any

from access_es.users.change_log import Change, find_changes
from access_es.users.command_line import prepare, print_json, print_table
from access_es.users.directory import Directory
from access_es.users.fields import change_fields, time_text

DEFAULT_LIMIT, MAX_LIMIT = 50, 100_000


def register_changes(subparsers: Any) -> None:
    what = "who changed users, groups, passwords, tokens and sessions"
    parser = subparsers.add_parser("changes", help=f"list {what}", description=f"List {what}, the newest first.")
    prepare(parser, list_changes, "as JSON")
    parser.add_argument("--user", metavar="NAME", help="only what this user did, and what was done to this user")
    parser.add_argument(
        "--limit", type=_limit, default=DEFAULT_LIMIT, metavar="N", help="at most this many (default: %(default)s)"
    )


def list_changes(args: argparse.Namespace, directory: Directory) -> int:
    def is_wanted(change: Change) -> bool:
        return args.user is None or args.user in (change.actor, change.target)

    found: list[Change] = []
    before = ""
    while len(found) < args.limit:
        part = find_changes(directory.change_log, args.limit - len(found), before, is_wanted)
        found += part.changes
        before = part.older
        if not before:
            break
    if args.json:
        return print_json([change_fields(change) for change in found])
    return print_table(("time", "who", "via", "what", "user", "detail"), [_row(change) for change in found])


def _row(change: Change) -> tuple[str, ...]:
    who = (change.actor or "-", change.via or "-")
    return (time_text(change.time), *who, change.action, change.target, change.detail)


def _limit(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MAX_LIMIT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 1 to {MAX_LIMIT}")
    return int(text)
