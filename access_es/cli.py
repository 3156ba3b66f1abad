"""The commands: `python -m access_es [--stage local] serve | demo | users … | tokens … | sessions … | …`."""

from __future__ import annotations

import argparse
import os
import pwd
import sys
from collections.abc import Sequence
from pathlib import Path

from access_es import __version__
from access_es.aws import AwsSession
from access_es.doctor.command import register as register_doctor
from access_es.errors import AccessEsError, SettingsError
from access_es.live_permissions import open_stage_permissions
from access_es.may import register as register_may
from access_es.program import program
from access_es.provision.address import find_start_page
from access_es.provision.command import register as register_provision
from access_es.server.command import add_serve_options, port, run_serve
from access_es.services import build_accounts_for
from access_es.settings.file import DEFAULT_FILE
from access_es.settings.names import Settings
from access_es.settings.read import read_settings
from access_es.settings.stage import Stage, read_stage
from access_es.users.change_log import Actor
from access_es.users.commands import register as register_account_commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. Exit status 0 good, 1 refused or failed, 2 wrong usage."""
    args = make_parser().parse_args(arguments)
    try:
        status = _run(args)
    except AccessEsError as error:
        return _fail(error.message)
    except KeyboardInterrupt:
        return _fail("Stopped.")
    except BrokenPipeError:
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123  whoever read our output has gone; say no more
        return 1
    return status


def _run(args: argparse.Namespace) -> int:
    status: int
    if "aws_command" in args:
        status = args.aws_command(args, os.environ)
    else:
        stage = read_stage(Path(args.settings), args.stage, os.environ)
        status = _change_accounts(args, stage) if "accounts_command" in args else args.run(args, stage)
    return status


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program(),
        description="Reach an Elasticsearch or OpenSearch domain, and its Kibana or Dashboards, through a URL.",
    )
    parser.add_argument("--version", action="version", version=f"access-es {__version__}")
    parser.add_argument("--stage", default="local", help="stage of the settings file (default: local)")
    parser.add_argument("--settings", default=str(DEFAULT_FILE), help="settings file (default: zappa_settings.json)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run the proxy under a production server")
    demo = commands.add_parser("demo", help="run the proxy in front of a real Elasticsearch and Kibana on this machine")
    for command, run in ((serve, run_serve), (demo, _demo)):
        command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        command.add_argument(
            "--port", type=port, default=8080, help="port to listen on, 0 for any free one (default: 8080)"
        )
        command.add_argument(
            "--workers", type=_count, default=None, help="processes (default: one per core, 4 at most)"
        )
        command.set_defaults(run=run)
    add_serve_options(serve)
    demo.add_argument("--sso", action="store_true", help="with a Keycloak beside it, for single sign-on")
    register_account_commands(commands)
    register_may(commands)
    register_provision(commands)
    register_doctor(commands)
    return parser


def _demo(args: argparse.Namespace, stage: Stage) -> int:
    from access_es.demo.command import run_demo

    return run_demo(args, stage, os.environ)


def _change_accounts(args: argparse.Namespace, stage: Stage) -> int:
    """`users …`, `tokens …`, `sessions …` and `changes`, which need no domain."""
    values = {"ES_ENDPOINT": "https://unused.invalid", "ES_SIGN": "false", **stage.values}
    settings = read_settings(values)
    accounts = build_accounts_for(settings, region=stage.region, session=AwsSession(stage.profile, stage.region))
    args.start_page = None if stage.is_local else lambda: find_start_page(Path(args.settings), stage.name)
    args.known_roles = lambda: _known_roles(stage, settings)
    args.known_groups = lambda: _known_groups(stage, settings)
    directory = accounts.directory.by(Actor(_operating_system_user(), "command"))
    status: int = args.accounts_command(args, directory)
    return status


def _known_roles(stage: Stage, settings: Settings) -> tuple[str, ...] | None:
    """Those of PERMISSIONS; None where it is not set. Raises SettingsError where it cannot be read."""
    permissions = open_stage_permissions(stage, settings).current()
    return None if permissions is None else tuple(permissions.roles)


def _known_groups(stage: Stage, settings: Settings) -> tuple[str, ...] | None:
    """Those that PERMISSIONS gives roles; None where it is not set, or has a fault, which stops no change of a user."""
    try:
        permissions = open_stage_permissions(stage, settings).current()
    except SettingsError:
        return None
    return None if permissions is None else tuple(permissions.groups)


def _operating_system_user() -> str:
    """Whose process this is, for the change log. What the environment says could be anybody's."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's, that no file names
        return str(os.getuid())


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1
