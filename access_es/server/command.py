"""The command `serve`: its options, and the settings and files that it starts the server with."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import threading
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING
from wsgiref.types import WSGIApplication

from access_es import __version__
from access_es.aws import CREDENTIALS_FIX, AwsSession
from access_es.aws_credentials import BotoCredentials
from access_es.errors import SettingsError
from access_es.live_permissions import open_stage_permissions
from access_es.program import program
from access_es.settings.names import Settings
from access_es.settings.read import read_settings
from access_es.settings.stage import Stage
from access_es.upstream.network import read_network

if TYPE_CHECKING:
    from flask import Flask

    from access_es.server.master import Place
    from access_es.server.metrics.meter import Meter


def add_serve_options(serve: argparse.ArgumentParser) -> None:
    serve.add_argument(
        "--trusted-proxy", action="append", default=[], type=_network, metavar="ADDRESS",
        help="a proxy with TLS in front (address or network, repeatable): its X-Forwarded-For and -Proto are used",
    )  # fmt: skip
    serve.add_argument(
        "--mount", type=_mount, default=None, metavar="PATH",
        help="answer below this path, such as /logs, and nowhere else",
    )  # fmt: skip
    serve.add_argument(
        "--certificate", type=Path, metavar="FILE", help="serve https: the chain in PEM, reread on change"
    )
    serve.add_argument("--key", type=Path, metavar="FILE", help="the private key of --certificate, in PEM")
    serve.add_argument(
        "--redirect-http", type=port, metavar="PORT", help="with --certificate: redirect plain http on this port"
    )


def run_serve(args: argparse.Namespace, stage: Stage) -> int:
    if not stage.values.get("ES_ENDPOINT"):
        print(
            f"Set ES_ENDPOINT to the domain's address, or try '{program()} demo', which starts a demo domain.",
            file=sys.stderr,
        )
        return 1
    settings = read_settings({"FRONT_DOOR": "local", **stage.values})
    network = read_network(os.environ, settings.connect_url)
    is_open = open_stage_permissions(stage, settings).current() is None
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    from access_es import aws
    from access_es.app import create_app
    from access_es.ingress.below import below
    from access_es.server.master import print_url, serve
    from access_es.server.readiness import TimedReadiness
    from access_es.server.threads import hash_in_thread, judge_in_thread
    from access_es.services import build_services

    print(f"access-es {__version__}, stage {stage.name}", file=sys.stderr)
    signed = f"signed for {settings.service} in {settings.region}" if settings.sign else "unsigned"
    print(f"  domain  {settings.endpoint.url} ({signed})", file=sys.stderr)
    print(f"  users   {settings.users}{_first_steps(settings.users)}", file=sys.stderr)
    meter = _make_meter(settings, _workers(args))
    if is_open:
        print("  roles   none: everybody who is signed in may do everything (PERMISSIONS is not set)", file=sys.stderr)
    if settings.sign:
        aws.load()  # once, before the workers are forked
    sessions: list[AwsSession] = []

    def make_app() -> WSGIApplication:
        sessions.append(AwsSession(stage.profile, settings.region))
        permissions = open_stage_permissions(stage, settings)
        services = build_services(
            settings, session=sessions[-1], network=network, permissions=permissions, run_hash=hash_in_thread,
            run_judge=judge_in_thread, measure=meter.count if meter else None,
            readiness=TimedReadiness(settings.read_seconds).of,
        )  # fmt: skip
        app = create_app(services)
        if meter:
            _add_metrics_page(app, meter, settings)
        return below(app, args.mount) if args.mount else app

    def announce(url: str) -> None:
        print_url(url + (args.mount or ""))
        if (
            settings.sign
        ):  # to find no credentials may take seconds, so that comes after the line that a person waits for
            threading.Thread(target=_tell_missing_credentials, args=(settings, sessions[-1]), daemon=True).start()

    return serve(make_app, _place(args, settings, meter), announce)


def _workers(args: argparse.Namespace) -> int:
    return args.workers or min(4, os.cpu_count() or 1)


def _make_meter(settings: Settings, workers: int) -> Meter | None:
    """Before the workers are forked, who share its memory and the modules of its page. None where it is not set."""
    if not (settings.metrics_token or settings.metrics_addresses):
        return None
    import access_es.server.metrics.page  # noqa: F401  loaded once, before the fork
    from access_es.server.metrics.meter import Meter

    return Meter(workers)


def _add_metrics_page(app: Flask, meter: Meter, settings: Settings) -> None:
    from access_es.server.metrics.page import metrics_page

    app.register_blueprint(metrics_page(meter.read, settings))


def _place(args: argparse.Namespace, settings: Settings, meter: Meter | None) -> Place:
    from access_es.server.master import Place
    from access_es.server.tls import Certificate

    if bool(args.certificate) != bool(args.key) or (args.redirect_http is not None and not args.certificate):
        raise SettingsError(["--certificate and --key go together, and --redirect-http only with both."])
    return Place(
        args.host,
        args.port,
        workers=_workers(args),
        trusted=args.trusted_proxy,
        connections_per_address=settings.connections_per_address,
        certificate=Certificate(args.certificate, args.key) if args.certificate else None,
        redirect_port=args.redirect_http,
        meter=meter,
    )


def _tell_missing_credentials(settings: Settings, session: AwsSession) -> None:
    missing = BotoCredentials(settings.region, settings.role_arn, session=session).missing()
    if missing:
        print(f"No AWS credentials to sign with: {missing}. Fix: {CREDENTIALS_FIX}.", file=sys.stderr, flush=True)


def _first_steps(users: str) -> str:
    """Without a user nobody gets in; a file that is not there yet has none."""
    kind, _, path = users.partition(":")
    return f" (none yet: {program()} users add NAME)" if kind == "file" and not Path(path).exists() else ""


def port(text: str) -> int:
    if not text.isdecimal() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port, 0 to 65535")
    return int(text)


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError as fault:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not an address or a network, such as 127.0.0.1 or 10.0.0.0/8"
        ) from fault


def _mount(text: str) -> str:
    from access_es.ingress.below import MOUNT

    if not MOUNT.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a path such as /logs: letters, digits and -._~$+!,=:@")
    return text
