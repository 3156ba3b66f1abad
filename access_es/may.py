"""The command `may`: whether a user may send a request, by which rule, and the names that were found in it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from access_es.aws import AwsSession
from access_es.errors import AccessEsError, BadRequest
from access_es.live_permissions import open_stage_permissions
from access_es.messages import Headers
from access_es.permissions.cursors import Cursors
from access_es.permissions.judge import judge
from access_es.permissions.roles import Permissions, is_unlimited
from access_es.permissions.signing import signing_role, unlimited_signing_role
from access_es.permissions.verdict import Allowed, Request, Verdict
from access_es.services import build_accounts_for
from access_es.settings.names import Settings
from access_es.settings.read import read_settings
from access_es.settings.stage import Stage
from access_es.upload import Upload
from access_es.users.user import User

_ALLOWED, _REFUSED = 0, 1


def register(subparsers: Any) -> None:
    """Add `may` to what `argparse.ArgumentParser.add_subparsers` gave; it sets `run`."""
    what = "say whether a user may send a request, and why"
    parser: argparse.ArgumentParser = subparsers.add_parser("may", help=what, description=f"{what}; nothing is sent")
    parser.add_argument("name", metavar="NAME", help="the user")
    parser.add_argument("method", metavar="METHOD", help="such as GET")
    parser.add_argument("target", metavar="TARGET", help="path and query, as they stand in the request line")
    parser.add_argument("--body-file", metavar="F", help="the request's body; - reads standard input")
    parser.add_argument("--header", action="append", default=[], metavar="H", help="such as 'Content-Type: text/plain'")
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.set_defaults(run=may)


def may(args: argparse.Namespace, stage: Stage) -> int:
    """0 where the request is allowed, 1 where it is refused. Raises AccessEsError."""
    values = {"ES_ENDPOINT": "https://unused.invalid", "ES_SIGN": "false", **stage.values}
    settings = read_settings(values)
    user = _find_user(settings, stage, args.name)
    permissions = open_stage_permissions(stage, settings).current()
    if permissions is None:
        return _print(args, _ALLOWED, {"rule": "PERMISSIONS is not set: everybody may do everything"})
    verdict = _judge(args, user, permissions, settings)
    if isinstance(verdict, Allowed):
        signing = _signing_role(permissions, user, verdict)
        facts = {"rule": verdict.rule, "role": verdict.role, "names": list(verdict.names), "signs": signing}
        return _print(args, _ALLOWED, facts)
    refusal: dict[str, Any] = {"reason": verdict.reason(user.name), "need": verdict.need.action}
    where = {"index": verdict.index, "line": verdict.line, "roles": list(verdict.roles)}
    return _print(args, _REFUSED, {**refusal, **where})


def _find_user(settings: Settings, stage: Stage, name: str) -> User:
    session = AwsSession(stage.profile, stage.region)
    user = build_accounts_for(settings, region=stage.region, session=session).directory.user(name)
    if user.disabled:
        raise BadRequest(f"The user '{name}' is disabled, and may do nothing.")
    return user


def _judge(args: argparse.Namespace, user: User, permissions: Permissions, settings: Settings) -> Verdict:
    target = args.target.encode("utf-8", "surrogateescape")
    if not target.startswith(b"/"):
        raise BadRequest(f"The target {args.target!r} must begin with /.")
    request = Request(args.method, target, _headers(args.header), Upload(_read_body(args.body_file)))
    return judge(permissions.roles_of(user.groups), request, Cursors(settings.session_secrets, user.name, time.time()))


def _signing_role(permissions: Permissions, user: User, verdict: Allowed) -> str:
    """The IAM role that would sign it; "" for our own identity."""
    roles = permissions.roles_of(user.groups)
    signing = unlimited_signing_role(roles) if is_unlimited(roles) else signing_role(roles, verdict)
    return signing.sign_with if signing else ""


def _headers(lines: list[str]) -> Headers:
    pairs = [line.partition(":") for line in lines]
    if wrong := next((line for line, (_, colon, _) in zip(lines, pairs, strict=True) if not colon), None):
        raise BadRequest(f"The header {wrong!r} has no colon. Give it as 'Name: value'.")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _read_body(place: str | None) -> bytes:
    if place is None:
        return b""
    try:
        return sys.stdin.buffer.read() if place == "-" else Path(place).read_bytes()
    except OSError as fault:
        raise AccessEsError(f"The body cannot be read: {place}: {fault.strerror}.") from fault


def _print(args: argparse.Namespace, status: int, facts: dict[str, Any]) -> int:
    verdict = "allowed" if status == _ALLOWED else "refused"
    if args.json:
        sys.stdout.write(json.dumps({"verdict": verdict, **facts}, indent=2) + "\n")
        return status
    lines = [verdict]
    for name, value in facts.items():
        text = ", ".join(value) if isinstance(value, list) else value
        if text:
            lines.append(f"  {name:<7} {text}")
    sys.stdout.write("\n".join(lines) + "\n")
    return status
