"""The commands `sessions`."""

from __future__ import annotations

import argparse

from access_es.users.command_line import add_action, print_json, print_table, report
from access_es.users.directory import Directory
from access_es.users.fields import session_fields, time_text
from access_es.users.sessions import SessionRecord


def register_sessions(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listing = add_action(actions, "list", list_sessions, "list open sessions, those used last first", "as JSON")
    listing.add_argument("user", metavar="USER", nargs="?", help="only this user's")
    end = add_action(actions, "end", end_sessions, "end a session of a user, or all of them")
    end.add_argument("user", metavar="USER")
    end.add_argument("id", metavar="ID", nargs="?", help="the session's id; without it, all sessions end")


def list_sessions(args: argparse.Namespace, directory: Directory) -> int:
    found = directory.all_sessions() if args.user is None else directory.sessions(args.user)
    if args.json:
        return print_json([session_fields(session) for session in found])
    head = ("user", "device", "address", "by", "signed in", "last used", "id")
    return print_table(head, [_row(session) for session in found])


def end_sessions(args: argparse.Namespace, directory: Directory) -> int:
    if args.id is None:
        directory.end_sessions(args.user)
        return report(args, f"Ended all sessions of '{args.user}'.", {"user": args.user, "ended": "all"})
    ended = directory.end_session(args.user, args.id)
    said = f"Ended the session of '{args.user}' on {ended.device}."
    return report(args, said, {"user": args.user, "ended": ended.id})


def _row(session: SessionRecord) -> tuple[str, ...]:
    times = (time_text(session.begun), time_text(session.last_used))
    return (session.user, session.device, session.place, session.how, *times, session.id)
