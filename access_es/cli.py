"""The commands: `python -m access_es [--stage local] serve | demo | users … | tokens … | provision | doctor`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from collections.abc import Sequence
from ipaddress import ip_network
from pathlib import Path
from wsgiref.types import WSGIApplication

from access_es import __version__
from access_es.aws import CREDENTIALS_FIX, AwsSession
from access_es.aws_credentials import BotoCredentials
from access_es.doctor.command import register as register_doctor
from access_es.errors import AccessEsError
from access_es.live_permissions import open_stage_permissions
from access_es.may import register as register_may
from access_es.program import program
from access_es.provision.address import find_start_page
from access_es.provision.command import register as register_provision
from access_es.services import build_accounts_for
from access_es.settings.file import DEFAULT_FILE
from access_es.settings.names import Settings
from access_es.settings.read import read_settings
from access_es.settings.stage import Stage, read_stage
from access_es.upstream.network import read_network
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
        prog=program(), description="Reach an Elasticsearch domain and its Kibana through a URL."
    )
    parser.add_argument("--version", action="version", version=f"access-es {__version__}")
    parser.add_argument("--stage", default="local", help="stage of the settings file (default: local)")
    parser.add_argument("--settings", default=str(DEFAULT_FILE), help="settings file (default: zappa_settings.json)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="run the proxy under a production server")
    demo = commands.add_parser("demo", help="run the proxy in front of a real Elasticsearch and Kibana on this machine")
    for command, run in ((serve, _serve), (demo, _demo)):
        command.add_argument("--host", default="127.0.0.1", help="address to listen on (default: 127.0.0.1)")
        command.add_argument(
            "--port", type=_port, default=8080, help="port to listen on, 0 for any free one (default: 8080)"
        )
        command.add_argument(
            "--workers", type=_count, default=None, help="processes (default: one per core, 4 at most)"
        )
        command.set_defaults(run=run)
    serve.add_argument(
        "--trusted-proxy", action="append", default=[], type=_network, metavar="ADDRESS",
        help="a proxy with TLS in front (address or network, repeatable): its X-Forwarded-For and -Proto are believed",
    )  # fmt: skip
    serve.add_argument(
        "--mount", type=_mount, default=None, metavar="PATH",
        help="answer below this path, such as /logs, which the proxy in front passes on",
    )  # fmt: skip
    register_account_commands(commands)
    register_may(commands)
    register_provision(commands)
    register_doctor(commands)
    return parser


def _serve(args: argparse.Namespace, stage: Stage) -> int:
    if not stage.values.get("ES_ENDPOINT"):
        return _fail(f"Set ES_ENDPOINT to the domain's address, or try '{program()} demo', which starts a demo domain.")
    settings = read_settings({"FRONT_DOOR": "local", **stage.values})
    network = read_network(os.environ, settings.connect_url)
    is_open = open_stage_permissions(stage, settings).current() is None
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    from access_es import aws
    from access_es.app import create_app
    from access_es.ingress.below import below
    from access_es.server import serve
    from access_es.services import build_services

    print(f"access-es {__version__}, stage {stage.name}", file=sys.stderr)
    signed = f"signed for {settings.service} in {settings.region}" if settings.sign else "unsigned"
    print(f"  domain  {settings.endpoint.url} ({signed})", file=sys.stderr)
    print(f"  users   {settings.users}{_first_steps(settings.users)}", file=sys.stderr)
    if is_open:
        print("  roles   none: everybody who is signed in may do everything (PERMISSIONS is not set)", file=sys.stderr)
    if settings.sign:
        aws.load()  # once, before the workers are forked
    sessions: list[AwsSession] = []

    def make_app() -> WSGIApplication:
        sessions.append(AwsSession(stage.profile, settings.region))
        permissions = open_stage_permissions(stage, settings)
        services = build_services(settings, session=sessions[-1], network=network, permissions=permissions)
        app = create_app(services)
        return below(app, args.mount) if args.mount else app

    return serve(
        make_app,
        announce=lambda url: _announce(url + (args.mount or ""), settings, sessions[-1]),
        host=args.host,
        port=args.port,
        workers=args.workers or min(4, os.cpu_count() or 1),
        trusted=args.trusted_proxy,
    )


def _announce(url: str, settings: Settings, session: AwsSession) -> None:
    """The line that a person waits for. To find no credentials may take seconds, so that comes after it."""
    from access_es.server import print_url

    print_url(url)
    if settings.sign:
        threading.Thread(target=_tell_missing_credentials, args=(settings, session), daemon=True).start()


def _tell_missing_credentials(settings: Settings, session: AwsSession) -> None:
    missing = BotoCredentials(settings.region, settings.role_arn, session=session).missing()
    if missing:
        print(f"No AWS credentials to sign with: {missing}. Fix: {CREDENTIALS_FIX}.", file=sys.stderr, flush=True)


def _first_steps(users: str) -> str:
    """Without a user nobody gets in; a file that is not there yet has none."""
    kind, _, path = users.partition(":")
    return f" (none yet: {program()} users add NAME)" if kind == "file" and not Path(path).exists() else ""


def _demo(args: argparse.Namespace, stage: Stage) -> int:
    from access_es.demo.command import run_demo

    return run_demo(args, stage, os.environ)


def _change_accounts(args: argparse.Namespace, stage: Stage) -> int:
    """`users …` and `tokens …`, which need no domain."""
    values = {"ES_ENDPOINT": "https://unused.invalid", "ES_SIGN": "false", **stage.values}
    accounts = build_accounts_for(
        read_settings(values), region=stage.region, session=AwsSession(stage.profile, stage.region)
    )
    args.start_page = None if stage.is_local else lambda: find_start_page(Path(args.settings), stage.name)
    status: int = args.accounts_command(args, accounts.directory)
    return status


def _port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to 65535")
    return int(text)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as fault:
        raise argparse.ArgumentTypeError(f"{text!r} is no address or network, as 127.0.0.1 or 10.0.0.0/8") from fault


def _mount(text: str) -> str:
    from access_es.ingress.below import MOUNT

    if not MOUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a path such as /logs: letters, digits and -._~$+!,=:@")
    return text


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of 1 or more")
    return int(text)


def _fail(message: str) -> int:
    print(message, file=sys.stderr)
    return 1
