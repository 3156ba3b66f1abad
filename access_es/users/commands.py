"""The commands `users`, and all those about accounts."""

from __future__ import annotations

import argparse
import getpass
import sys
from datetime import UTC, datetime
from typing import Any

from access_es.errors import BadRequest
from access_es.program import program
from access_es.users import passwords
from access_es.users.change_commands import register_changes
from access_es.users.command_line import (
    add_action,
    find_address,
    print_json,
    print_table,
    print_text,
    report,
    warn_of_groups,
)
from access_es.users.directory import Directory
from access_es.users.fields import short_time, state, time_text, user_fields
from access_es.users.import_command import register_import
from access_es.users.invitations import PATH
from access_es.users.machine_commands import register_machines
from access_es.users.session_commands import register_sessions
from access_es.users.token_commands import register_tokens
from access_es.users.user import User


def register(subparsers: Any) -> None:
    """Add the commands about accounts to what `argparse.ArgumentParser.add_subparsers` gave.

    Each command sets `accounts_command`: call it with the parsed arguments and the directory, it gives the exit status.
    """
    _register_users(subparsers.add_parser("users", help="add, change, list and remove users"))
    register_tokens(subparsers.add_parser("tokens", help="add, list and revoke API tokens"))
    register_sessions(subparsers.add_parser("sessions", help="list and end sessions"))
    register_machines(subparsers)
    register_changes(subparsers)


def _register_users(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, handler, what in (("add", add_user, "add a user"), ("passwd", set_password, "set a user's password")):
        action = add_action(actions, name, handler, what)
        action.add_argument("name", metavar="NAME")
        source = action.add_mutually_exclusive_group()
        source.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        source.add_argument(
            "--invite", action="store_true", help="print a link with which the user chooses a password, once"
        )
        action.add_argument("--url", metavar="URL", help="with --invite: the address of access-es, for the whole link")
        if name == "add":
            action.add_argument("--group", action="append", default=[], metavar="GROUP", help="a group (repeatable)")
    register_import(actions)
    add_action(actions, "list", list_users, "list all users", "as JSON")
    groups = add_action(actions, "groups", set_groups, "put a user in these groups and no others")
    groups.add_argument("name", metavar="NAME")
    groups.add_argument("groups", nargs="*", metavar="GROUP", help="none: the user is in no group")
    for name, handler, what in (
        ("disable", disable_user, "sign a user out and keep the user out"),
        ("enable", enable_user, "let a disabled user in again"),
    ):
        add_action(actions, name, handler, what).add_argument("name", metavar="NAME")
    remove = add_action(actions, "remove", remove_user, "remove a user and the user's tokens")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="do not ask")


def add_user(args: argparse.Namespace, directory: Directory) -> int:
    if args.invite:
        warn_of_groups(args, directory.add_invited(args.name, args.group).groups)
        return _invite(args, directory)
    directory.check_free(args.name)  # before a password is asked for in vain
    user = directory.add_user(args.name, _read_password(args), args.group)
    warn_of_groups(args, user.groups)
    return report(args, f"Added the user '{args.name}'.", user_fields(user))


def set_password(args: argparse.Namespace, directory: Directory) -> int:
    if args.invite:
        return _invite(args, directory)
    directory.user(args.name)  # before a password is asked for in vain
    user = directory.set_password(args.name, _read_password(args))
    said = f"Changed the password of '{args.name}'. The user's sessions end, API tokens stay valid."
    return report(args, said, user_fields(user))


def _invite(args: argparse.Namespace, directory: Directory) -> int:
    """The link alone on standard output."""
    invitation, sealed = directory.invite(args.name)
    until = datetime.fromtimestamp(invitation.until, UTC).strftime("%Y-%m-%d %H:%M UTC")
    print(f"Give this link to '{args.name}'. It works once, until {until}, and is not shown again.", file=sys.stderr)
    link = f"{find_address(args)}{PATH}{sealed}"
    return report(args, link, {"user": args.name, "link": link, "valid_until": time_text(invitation.until)})


def list_users(args: argparse.Namespace, directory: Directory) -> int:
    users = directory.users()
    if args.json:
        return print_json([user_fields(user) for user in users])
    if not users:
        stage = getattr(args, "stage", "local")
        chosen = "" if stage == "local" else f" --stage {stage}"
        return print_text(f"There are no users yet. To add one: {program()}{chosen} users add NAME")
    head = ("name", "groups", "origin", "created", "last sign-in", "last used", "state")
    return print_table(head, [_user_row(user) for user in users])


def set_groups(args: argparse.Namespace, directory: Directory) -> int:
    user = directory.set_groups(args.name, args.groups)
    warn_of_groups(args, user.groups)
    return report(args, f"{user.name} is in {', '.join(user.groups) or 'no group'}.", user_fields(user))


def disable_user(args: argparse.Namespace, directory: Directory) -> int:
    user = directory.disable(args.name)
    said = f"Disabled '{args.name}'. The user's sessions end, and API tokens are refused."
    return report(args, said, user_fields(user))


def enable_user(args: argparse.Namespace, directory: Directory) -> int:
    user = directory.enable(args.name)
    said = f"Enabled '{args.name}'. The user can sign in again, and API tokens are valid again."
    return report(args, said, user_fields(user))


def remove_user(args: argparse.Namespace, directory: Directory) -> int:
    tokens = len(directory.tokens(args.name))
    what = f"the user '{args.name}' and {tokens} API token{'' if tokens == 1 else 's'}"
    if not args.yes and not _is_confirmed(what):
        raise BadRequest("Nothing was removed.")
    directory.remove_user(args.name)
    return report(args, f"Removed {what}.", {"removed": args.name, "tokens": tokens})


def _is_confirmed(what: str) -> bool:
    if not sys.stdin.isatty():
        raise BadRequest("Nothing was removed: there is no terminal to ask on. Add --yes.")
    try:
        return input(f"Remove {what}? This cannot be undone. [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        return False


def _read_password(args: argparse.Namespace) -> str:
    password = sys.stdin.readline().rstrip("\r\n") if args.password_stdin else _ask_twice(args.name)
    if not _is_text(password):
        raise BadRequest("The password is not text in UTF-8.")
    return password


def _ask_twice(user: str) -> str:
    """The rules are printed before anything is typed, and checked before it is typed again."""
    if not sys.stdin.isatty():
        raise BadRequest("There is no terminal to ask for the password on. Pipe it in and add --password-stdin.")
    print(passwords.RULES, file=sys.stderr)
    try:
        password = getpass.getpass("Password: ")
        if _is_text(password):
            passwords.check_password(password, user)
        again = getpass.getpass("The same again: ")
    except EOFError:  # Ctrl-D
        raise BadRequest("No password was given. Nothing was changed.") from None
    if again != password:
        raise BadRequest("The two passwords differ. Nothing was changed.")
    return password


def _is_text(word: str) -> bool:
    """Bytes of another encoding come from a terminal or a pipe as lone surrogates (PEP 383)."""
    return not any("\ud800" <= sign <= "\udfff" for sign in word)


def _user_row(user: User) -> tuple[str, ...]:
    name = f"{user.name} ({user.display_name})" if user.display_name else user.name
    origin = "provider" if user.issuer else "local"
    times = (time_text(user.created), short_time(user.signed_in), short_time(user.last_used))
    return (name, ", ".join(user.groups) or "-", origin, *times, state(user))
