"""The commands `users` and `tokens`."""

from __future__ import annotations

import argparse
import getpass
import json
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from access_es.errors import AccessEsError, BadRequest
from access_es.users import passwords
from access_es.users import tokens as token_rules
from access_es.users.directory import Directory
from access_es.users.invitations import PATH
from access_es.users.tokens import Token
from access_es.users.user import User

Handler = Callable[[argparse.Namespace, Directory], int]
_GOOD, _REFUSED = 0, 1


def register(subparsers: Any) -> None:
    """Add `users` and `tokens` to what `argparse.ArgumentParser.add_subparsers` gave.

    Each command sets `accounts_command`: call it with the parsed arguments and the directory, it gives the exit status.
    """
    _register_users(subparsers.add_parser("users", help="add, change, list and remove users"))
    _register_tokens(subparsers.add_parser("tokens", help="add, list and revoke API tokens"))


def _register_users(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    for name, handler, what in (("add", add_user, "add a user"), ("passwd", set_password, "set a user's password")):
        action = _action(actions, name, handler, what)
        action.add_argument("name", metavar="NAME")
        source = action.add_mutually_exclusive_group()
        source.add_argument("--password-stdin", action="store_true", help="read the password from standard input")
        source.add_argument(
            "--invite", action="store_true", help="print a link with which the user chooses a password, once"
        )
        action.add_argument("--url", metavar="URL", help="with --invite: the address of access-es, for the whole link")
        if name == "add":
            action.add_argument("--group", action="append", default=[], metavar="GROUP", help="a group (repeatable)")
    _listing(_action(actions, "list", list_users, "list all users"))
    groups = _action(actions, "groups", set_groups, "put a user in these groups and no others")
    groups.add_argument("name", metavar="NAME")
    groups.add_argument("groups", nargs="*", metavar="GROUP", help="none: the user is in no group")
    for name, handler, what in (
        ("disable", disable_user, "sign a user out and keep the user out"),
        ("enable", enable_user, "let a disabled user in again"),
    ):
        _action(actions, name, handler, what).add_argument("name", metavar="NAME")
    remove = _action(actions, "remove", remove_user, "remove a user and the user's tokens")
    remove.add_argument("name", metavar="NAME")
    remove.add_argument("--yes", action="store_true", help="do not ask")


def _register_tokens(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add = _action(actions, "add", add_token, "make a token and print it, once")
    add.add_argument("user", metavar="USER")
    add.add_argument("label", metavar="LABEL", help="what it is for")
    add.add_argument(
        "--days", type=int, default=token_rules.DEFAULT_DAYS, help="how many days it is valid (default: %(default)s)"
    )
    add.add_argument(
        "--role",
        action="append",
        metavar="ROLE",
        help="one of the roles of its user (repeatable; default: all of them)",
    )
    listing = _action(actions, "list", list_tokens, "list a user's tokens")
    listing.add_argument("user", metavar="USER")
    _listing(listing)
    revoke = _action(actions, "revoke", revoke_token, "revoke a token")
    revoke.add_argument("user", metavar="USER")
    revoke.add_argument("label", metavar="LABEL")


def _action(actions: Any, name: str, handler: Handler, what: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name, help=what, description=what)
    parser.set_defaults(accounts_command=_reporting(handler))
    return parser


def _listing(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="as JSON")


def _reporting(handler: Handler) -> Handler:
    """The handler, with its refusals as one line on stderr."""

    def run(args: argparse.Namespace, directory: Directory) -> int:
        try:
            return handler(args, directory)
        except AccessEsError as error:
            print(" ".join((error.detail or error.message).split()), file=sys.stderr)
            return _REFUSED

    return run


def add_user(args: argparse.Namespace, directory: Directory) -> int:
    if args.invite:
        directory.add_invited(args.name, args.group)
        return _invite(args, directory)
    directory.check_free(args.name)  # before a password is asked for in vain
    directory.add_user(args.name, _read_password(args), args.group)
    return _print(f"Added the user '{args.name}'.")


def set_password(args: argparse.Namespace, directory: Directory) -> int:
    if args.invite:
        return _invite(args, directory)
    directory.user(args.name)  # before a password is asked for in vain
    directory.set_password(args.name, _read_password(args))
    return _print(f"Changed the password of '{args.name}'. The user's sessions end, API tokens stay valid.")


def _invite(args: argparse.Namespace, directory: Directory) -> int:
    """The link alone on standard output. `start_page` finds the address of a deployed stage."""
    invitation, sealed = directory.invite(args.name)
    find = getattr(args, "start_page", None)
    address = args.url or (find() if find else None)
    until = datetime.fromtimestamp(invitation.until, UTC).strftime("%Y-%m-%d %H:%M UTC")
    print(f"Give this link to '{args.name}'. It works once, until {until}, and is not shown again.", file=sys.stderr)
    if not address:
        print("Put the address of access-es before it, or name it with --url.", file=sys.stderr)
    return _print(f"{(address or '').rstrip('/')}{PATH}{sealed}")


def list_users(args: argparse.Namespace, directory: Directory) -> int:
    users = directory.users()
    if args.json:
        return _print(json.dumps([_user_fields(user) for user in users], indent=2))
    return _print_table(("name", "groups", "created", "state"), [_user_row(user) for user in users])


def set_groups(args: argparse.Namespace, directory: Directory) -> int:
    user = directory.set_groups(args.name, args.groups)
    return _print(f"{user.name} is in {', '.join(user.groups) or 'no group'}.")


def disable_user(args: argparse.Namespace, directory: Directory) -> int:
    directory.disable(args.name)
    return _print(f"Disabled '{args.name}'. The user's sessions end, and API tokens are refused.")


def enable_user(args: argparse.Namespace, directory: Directory) -> int:
    directory.enable(args.name)
    return _print(f"Enabled '{args.name}'. The user can sign in again, and API tokens are valid again.")


def remove_user(args: argparse.Namespace, directory: Directory) -> int:
    tokens = len(directory.tokens(args.name))
    what = f"the user '{args.name}' and {tokens} API token{'' if tokens == 1 else 's'}"
    if not args.yes and not _is_confirmed(what):
        raise BadRequest("Nothing was removed.")
    directory.remove_user(args.name)
    return _print(f"Removed {what}.")


def _is_confirmed(what: str) -> bool:
    if not sys.stdin.isatty():
        raise BadRequest("Nothing was removed: there is no terminal to ask on. Add --yes.")
    try:
        return input(f"Remove {what}? This cannot be undone. [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:  # Ctrl-D
        return False


def add_token(args: argparse.Namespace, directory: Directory) -> int:
    _token, text = directory.add_token(args.user, args.label, args.days, args.role)
    return _print(text)


def list_tokens(args: argparse.Namespace, directory: Directory) -> int:
    found, now = directory.tokens(args.user), directory.now()
    if args.json:
        return _print(json.dumps([_token_fields(token, now) for token in found], indent=2))
    return _print_table(
        ("label", "id", "roles", "created", "expires", "state"), [_token_row(token, now) for token in found]
    )


def revoke_token(args: argparse.Namespace, directory: Directory) -> int:
    directory.revoke_token(args.user, args.label)
    return _print(f"Revoked the token '{args.label.strip()}' of '{args.user}'.")


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


def _user_fields(user: User) -> dict[str, object]:
    known = {"name": user.name, "groups": list(user.groups), "created": _time(user.created), "disabled": user.disabled}
    if not user.issuer:
        return known
    by_provider = {"issuer": user.issuer, "subject": user.subject, "display_name": user.display_name}
    return {**known, **by_provider, "signed_in": _time(user.signed_in)}


def _user_row(user: User) -> tuple[str, ...]:
    name = f"{user.name} ({user.display_name})" if user.display_name else user.name
    return (name, ", ".join(user.groups) or "-", _time(user.created), "disabled" if user.disabled else "enabled")


def _token_fields(token: Token, now: float) -> dict[str, object]:
    return {
        "label": token.label,
        "id": token.id,
        "roles": None if token.roles is None else list(token.roles),
        "created": _time(token.created),
        "expires": _time(token.expires),
        "expired": token.is_expired(now),
    }


def _roles(token: Token) -> str:
    return "all" if token.roles is None else ", ".join(token.roles) or "none"


def _token_row(token: Token, now: float) -> tuple[str, ...]:
    state = "expired" if token.is_expired(now) else "valid"
    return (token.label, token.id, _roles(token), _time(token.created), _time(token.expires), state)


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _print_table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> int:
    table = [head, *rows]
    widths = [max(len(row[column]) for row in table) for column in range(len(head))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table)
    return _print("\n".join(lines))


def _print(text: str) -> int:
    print(text)
    return _GOOD
