"""The demo domain's gateway as a process of its own: `python -m access_es.demo.gateway --elasticsearch URL`.

The keys it knows come as one line of JSON on stdin with `--credentials-on-stdin`
(`[{"access_key": "…", "secret_key": "…", "session_token": null}]`), otherwise from AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; never from the command line, which every process can read.
It prints `ready http://127.0.0.1:PORT` when it listens. It ends with SIGTERM and when its stdin is closed, so that it
never survives whoever started it.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from typing import BinaryIO

from access_es.demo.credentials import Credential, Keyring
from access_es.demo.gateway_server import Gateway, GatewaySettings
from access_es.demo.verifier import Scope

HOST = "127.0.0.1"


class NoCredentialsError(Exception):
    """The gateway was given no keys, and would refuse everything."""


def read_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m access_es.demo.gateway", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 lets the system choose")
    parser.add_argument("--elasticsearch", metavar="URL", help="base URL of Elasticsearch or OpenSearch")
    parser.add_argument("--kibana", metavar="URL", help="base URL of Kibana")
    parser.add_argument("--region", default="us-east-1")
    parser.add_argument("--service", default="es", choices=("es", "aoss"))
    parser.add_argument("--credentials-on-stdin", action="store_true")
    return parser.parse_args(arguments)


def credentials_from_environment(environment: Mapping[str, str]) -> list[Credential]:
    access_key = environment.get("AWS_ACCESS_KEY_ID")
    secret_key = environment.get("AWS_SECRET_ACCESS_KEY")
    if not access_key or not secret_key:
        raise NoCredentialsError("set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or use --credentials-on-stdin")
    return [Credential(access_key, secret_key, environment.get("AWS_SESSION_TOKEN") or None)]


def credentials_from_line(line: bytes) -> list[Credential]:
    try:
        return [
            Credential(known["access_key"], known["secret_key"], known.get("session_token"))
            for known in json.loads(line)
        ]
    except (ValueError, LookupError, TypeError, AttributeError):
        raise NoCredentialsError("the first line of stdin is not a JSON list of credentials") from None


async def run(settings: GatewaySettings, port: int, stdin: BinaryIO) -> None:
    """Serves until SIGTERM, SIGINT or the end of `stdin`."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    threading.Thread(target=_await_end, args=(stdin, loop, stop), daemon=True).start()
    gateway = Gateway(settings)
    bound = await gateway.start(HOST, port)
    sys.stdout.write(f"ready http://{HOST}:{bound}\n")
    sys.stdout.flush()
    await stop.wait()
    await gateway.stop()


def main(arguments: Sequence[str]) -> int:
    chosen = read_arguments(arguments)
    # Unbuffered: a daemon thread that waits in a buffered read would hold a lock the interpreter needs to exit.
    stdin = os.fdopen(os.dup(0), "rb", buffering=0)
    try:
        if chosen.credentials_on_stdin:
            credentials = credentials_from_line(stdin.readline())
        else:
            credentials = credentials_from_environment(os.environ)
    except NoCredentialsError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    scope = Scope(chosen.region, chosen.service)
    settings = GatewaySettings(Keyring(tuple(credentials)), scope, chosen.elasticsearch, chosen.kibana)
    try:
        asyncio.run(run(settings, chosen.port, stdin))
    except OSError as error:
        sys.stderr.write(f"cannot listen on port {chosen.port}: {error.strerror}\n")
        return 1
    return 0


def _await_end(stdin: BinaryIO, loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    while stdin.read(65536):
        pass
    if not loop.is_closed():
        loop.call_soon_threadsafe(stop.set)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
