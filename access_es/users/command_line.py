"""What the commands about users share: how they are registered, report a refusal and print."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from access_es.errors import AccessEsError
from access_es.users.directory import Directory

Handler = Callable[[argparse.Namespace, Directory], int]
_GOOD, _REFUSED = 0, 1


def add_action(actions: Any, name: str, handler: Handler, what: str, json_help: str = "") -> argparse.ArgumentParser:
    """A command below another one. It sets `accounts_command`, see `commands.register`."""
    parser: argparse.ArgumentParser = actions.add_parser(name, help=what, description=what)
    return prepare(parser, handler, json_help)


def prepare(parser: argparse.ArgumentParser, handler: Handler, json_help: str = "") -> argparse.ArgumentParser:
    parser.set_defaults(accounts_command=_reporting(handler))
    parser.add_argument("--json", action="store_true", help=json_help or "print the result as JSON")
    return parser


def warn_of_groups(args: argparse.Namespace, groups: Iterable[str]) -> None:
    """On stderr, which of them get no role: a misspelled name allows nothing, and nothing else shows that."""
    find = getattr(args, "known_groups", None)
    known = find() if find and groups else None
    unknown = [] if known is None else [f"'{group}'" for group in dict.fromkeys(groups) if group not in known]
    if unknown:
        print(f"Note: PERMISSIONS gives no role to {', '.join(unknown)}.", file=sys.stderr)


def _reporting(handler: Handler) -> Handler:
    """The handler, with its refusals as one line on stderr."""

    def run(args: argparse.Namespace, directory: Directory) -> int:
        try:
            return handler(args, directory)
        except AccessEsError as error:
            print(" ".join((error.detail or error.message).split()), file=sys.stderr)
            return _REFUSED

    return run


def find_address(args: argparse.Namespace) -> str:
    """Where access-es is, by `--url` or the deployment, without a slash at its end; "" and a hint on stderr if unknown.

    `start_page` finds the address of a deployed stage.
    """
    find = getattr(args, "start_page", None)
    address = args.url or (find() if find else None)
    if not address:
        print("Put the address of access-es before the path, or name it with --url.", file=sys.stderr)
    return (address or "").rstrip("/")


def report(args: argparse.Namespace, sentence: str, fields: object) -> int:
    """What was done: a sentence, or the fields with `--json`."""
    return print_json(fields) if args.json else print_text(sentence)


def print_json(value: object) -> int:
    return print_text(json.dumps(value, indent=2))


def print_table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """Aligned columns, with what a terminal might obey shown as `?`."""
    table = [[_printable(cell) for cell in row] for row in (head, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)
    return print_text("\n".join(lines))


def print_text(text: str) -> int:
    print(text)
    return _GOOD


def _printable(text: str) -> str:
    """Names and devices come from outside, and could move the cursor or set the terminal's title."""
    return text if text.isprintable() else "".join(sign if sign.isprintable() else "?" for sign in text)
