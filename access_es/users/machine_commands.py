"""The command `machines`."""

from __future__ import annotations

import argparse
from typing import Any

from access_es.users.command_line import prepare, print_json, print_table
from access_es.users.directory import Directory
from access_es.users.fields import machine_fields


def register_machines(subparsers: Any) -> None:
    what = "list the machines of OIDC_MACHINES that were here, and when last"
    prepare(subparsers.add_parser("machines", help=what, description=what), list_machines, "as JSON")


def list_machines(args: argparse.Namespace, directory: Directory) -> int:
    found = [machine_fields(name, last_used) for name, last_used in directory.machines().items()]
    if args.json:
        return print_json(found)
    return print_table(("name", "last used"), [(str(one["name"]), str(one["last_used"])) for one in found])
