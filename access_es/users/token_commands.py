"""The commands `tokens`."""

from __future__ import annotations

import argparse

from access_es.errors import BadRequest
from access_es.users import tokens as token_rules
from access_es.users.command_line import add_action, print_json, print_table, report
from access_es.users.directory import Directory
from access_es.users.fields import short_time, time_text, token_fields
from access_es.users.tokens import Token


def register_tokens(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    add = add_action(actions, "add", add_token, "make a token and print it, once")
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
    listing = add_action(actions, "list", list_tokens, "list everybody's tokens, or a user's", "as JSON")
    listing.add_argument("user", metavar="USER", nargs="?", help="only this user's")
    revoke = add_action(actions, "revoke", revoke_token, "revoke a token")
    revoke.add_argument("user", metavar="USER")
    revoke.add_argument("label", metavar="LABEL")


def add_token(args: argparse.Namespace, directory: Directory) -> int:
    """Raises BadRequest where a role is none of `known_roles`, which finds those of PERMISSIONS."""
    find = getattr(args, "known_roles", None)
    known = find() if find and args.role else None
    if known is not None and (unknown := [role for role in args.role if role not in known]):
        have = f"the roles {', '.join(known)}" if known else "no roles"
        raise BadRequest(f"There is no role '{unknown[0]}'. PERMISSIONS has {have}.")
    token, text = directory.add_token(args.user, args.label, args.days, args.role)
    return report(args, text, {**token_fields(token, directory.now()), "token": text})


def list_tokens(args: argparse.Namespace, directory: Directory) -> int:
    found, now = directory.all_tokens() if args.user is None else directory.tokens(args.user), directory.now()
    if args.json:
        return print_json([token_fields(token, now) for token in found])
    head = ("user", "label", "id", "roles", "created", "last used", "expires", "state")
    return print_table(head, [_row(token, now) for token in found])


def revoke_token(args: argparse.Namespace, directory: Directory) -> int:
    directory.revoke_token(args.user, args.label)
    label = args.label.strip()
    return report(args, f"Revoked the token '{label}' of '{args.user}'.", {"user": args.user, "label": label})


def _row(token: Token, now: float) -> tuple[str, ...]:
    state = "expired" if token.is_expired(now) else "valid"
    times = (time_text(token.created), short_time(token.last_used), time_text(token.expires))
    return (token.user, token.label, token.id, _roles(token), *times, state)


def _roles(token: Token) -> str:
    return "all" if token.roles is None else ", ".join(token.roles) or "none"
