"""`python -m access_es demo`: the proxy in front of a domain of its own, with a user and logs to look at."""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import secrets
import signal
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from types import FrameType

from access_es.demo.cache import cache_folder
from access_es.demo.credentials import Credential
from access_es.demo.errors import DemoUnavailable
from access_es.demo.first_words import first_words
from access_es.demo.keycloak import Keycloak, running_keycloak
from access_es.demo.processes import Child, Children, free_ports
from access_es.demo.progress import step
from access_es.demo.running_gateway import running_gateway
from access_es.demo.sample_data import SampleDataRefused, load_sample_data
from access_es.demo.stack import running_engines
from access_es.errors import AddressUnusable
from access_es.server.listen import require_free
from access_es.services import build_accounts_for
from access_es.settings.read import read_settings
from access_es.settings.stage import Stage, open_state
from access_es.users.change_log import Actor

USER = "demo"
REGION = "us-east-1"
START_SECONDS = 30
_ADMINISTRATORS = "demo-admins"
PERMISSIONS = {
    "roles": {"everything": {"manage": ["*"], "dashboards": "edit"}, "administrator": {"admin": True}},
    "groups": {_ADMINISTRATORS: ["administrator"]},
    "default": ["everything"],
}
"""Nobody is limited, as without the setting, and the demo's user sees the administrators' page."""


class _Terminated(Exception):
    """SIGTERM: leave every block in order."""


def run_demo(args: argparse.Namespace, stage: Stage, environ: Mapping[str, str]) -> int:
    """Run until interrupted. Exit status 1 where this machine cannot."""
    signal.signal(signal.SIGTERM, _terminate)
    try:
        args.port = free_port(args.host, args.port)
        cache = cache_folder(environ, os.getuid())
        with _single_sign_on(args, cache) as keycloak, running_engines(cache, _say) as engines:
            key = Credential(f"AKIADEMO{secrets.token_hex(6).upper()}", secrets.token_urlsafe(30))
            with running_gateway([key], engines.elasticsearch, engines.kibana) as gateway, Children() as children:
                if keycloak:
                    with step(_say, "Starting Keycloak"):
                        keycloak.wait()
                demonstration = _Demonstration(args, stage, gateway.url, key, keycloak)
                demonstration.make_user()
                server = demonstration.start_server(children, environ)
                load_sample_data(demonstration.send, _say)
                demonstration.welcome()
                server.wait()
    except (DemoUnavailable, SampleDataRefused) as fault:
        print(fault, file=sys.stderr)
        return 1
    except (KeyboardInterrupt, _Terminated):
        _say("Stopped.")
    return 0


def free_port(host: str, port: int, timeout_seconds: float = 5) -> int:
    """The port to listen on, a free one for 0. Raises AddressUnusable when another program has it.

    Before minutes of work, and before whoever else answers there is asked anything. A demo that was just killed lets
    go of its port within a second or two.
    """
    deadline = time.monotonic() + timeout_seconds
    chosen = port or free_ports(1)[0]
    while True:
        try:
            require_free(host, chosen)
        except AddressUnusable:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return chosen


@contextmanager
def _single_sign_on(args: argparse.Namespace, cache: Path) -> Iterator[Keycloak | None]:
    """Keycloak starts while the engines do."""
    if not args.sso:
        yield None
        return
    host = "127.0.0.1" if args.host == "0.0.0.0" else args.host
    with running_keycloak(cache, f"http://{host}:{args.port}", _say) as keycloak:
        yield keycloak


class _Demonstration:
    """One proxy in front of the demo domain, and the user made for it."""

    def __init__(
        self,
        args: argparse.Namespace,
        stage: Stage,
        domain_url: str,
        key: Credential,
        keycloak: Keycloak | None = None,
    ) -> None:
        self._args = args
        self._keycloak = keycloak
        self._stage = stage
        self._key = key
        self._state = open_state(stage.state).resolve()
        self._host = "127.0.0.1" if args.host == "0.0.0.0" else args.host
        own = demo_settings(stage.values, args.host)
        self._administers = "PERMISSIONS" in own or keycloak is not None
        self._shows_metrics = "METRICS_ADDRESSES" in own
        self._settings = {
            **stage.values, "ES_ENDPOINT": domain_url, "ES_REGION": REGION, "ES_SERVICE": "es", "ES_SIGN": "true",
            "HOME_PATH": "/_plugin/kibana/", **own, **(keycloak.settings if keycloak else {}),
        }  # fmt: skip
        self._password = _stored_password(self._state / "demo-password")

    @property
    def url(self) -> str:
        return f"http://{self._host}:{self._args.port}"

    def make_user(self) -> None:
        directory = build_accounts_for(read_settings(self._settings)).directory.by(Actor("demo", "command"))
        groups = ("/search/admins",) if self._keycloak else (_ADMINISTRATORS,) if self._administers else ()
        if USER not in {user.name for user in directory.users()}:
            directory.add_user(USER, self._password, groups)
        else:
            if groups:
                directory.set_groups(USER, groups)
            directory.set_password(USER, self._password)
            directory.enable(USER)

    def start_server(self, children: Children, environ: Mapping[str, str]) -> Child:
        """`serve` as anybody would run it, with the demo domain's address and keys in its environment."""
        kept = {name: value for name, value in environ.items() if not name.startswith("AWS_")}
        keys = {"AWS_ACCESS_KEY_ID": self._key.access_key, "AWS_SECRET_ACCESS_KEY": self._key.secret_key}
        command = [
            sys.executable,
            "-m",
            "access_es",
            "--stage",
            self._args.stage,
            "--settings",
            self._args.settings,
            "serve",
        ]
        options = ["--host", self._args.host, "--port", str(self._args.port)]
        workers = ["--workers", str(self._args.workers)] if self._args.workers else []
        server = children.start(
            "access-es", [*command, *options, *workers], folder=Path.cwd(), log=self.log,
            environment={**kept, **self._settings, **keys, "ACCESS_ES_STATE": str(self._state)},
        )  # fmt: skip
        with step(_say, "Starting access-es"):
            server.wait_until(self._is_alive, START_SECONDS)
        return server

    @property
    def log(self) -> Path:
        return self._state / "demo.log"

    def _is_alive(self) -> bool:
        try:
            return self._call("GET", "/--access-es/health", b"", {})[0] == 200
        except OSError:
            return False

    def send(self, method: str, path: str, body: bytes, content_type: str) -> tuple[int, bytes]:
        """Ask the domain through the proxy, as the demo's user."""
        basic = base64.b64encode(f"{USER}:{self._password}".encode()).decode()
        return self._call(method, path, body, {"Authorization": f"Basic {basic}", "Content-Type": content_type})

    def _call(self, method: str, path: str, body: bytes, headers: Mapping[str, str]) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._host, self._args.port, timeout=120)
        try:
            connection.request(method, path, body or None, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def welcome(self) -> None:
        """What a person needs now, alone on stdout."""
        shown = first_words(
            self.url, USER, self._password, self._keycloak,
            administers=self._administers, metrics=self._shows_metrics,
        )  # fmt: skip
        print(shown, flush=True)
        _say(f"The log, one line per request, is {self.log}. Stop with Ctrl-C.")


def demo_settings(given: Mapping[str, str], host: str) -> dict[str, str]:
    """What the demo adds to the stage's own settings, so that the administrators' page and the metrics can be seen."""
    added = {} if given.get("PERMISSIONS") else {"PERMISSIONS": json.dumps(PERMISSIONS)}
    if not (given.get("METRICS_TOKEN") or given.get("METRICS_ADDRESSES")):
        added["METRICS_ADDRESSES"] = ",".join(dict.fromkeys(["127.0.0.1", "::1", *_addresses(host)]))
    return added


def _addresses(host: str) -> list[str]:
    """The address that this machine is seen from when it asks `host`, which is its own."""
    try:
        return [str(ip_address(host))]
    except ValueError:  # a name
        return []


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _stored_password(file: Path) -> str:
    """The demo user's password, made once and kept over restarts."""
    if not file.exists():
        file.touch(mode=0o600)
        file.write_text(secrets.token_urlsafe(12), encoding="ascii")
    return file.read_text(encoding="ascii")
