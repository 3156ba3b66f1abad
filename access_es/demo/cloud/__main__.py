"""`python -m access_es.demo.cloud [--door rest] [--port 8080]`."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Sequence
from types import FrameType

from access_es.demo.cloud.demonstration import UserNotMade, running_demonstration
from access_es.demo.cloud.deploy import DeployFailed
from access_es.demo.cloud.doors.registry import NAMES
from access_es.demo.command import free_port
from access_es.demo.errors import DemoUnavailable
from access_es.demo.sample_data import SampleDataRefused
from access_es.errors import AddressUnusable

_WHAT = "Browse a real Kibana through an emulated AWS Lambda and front door, with the zip that Zappa deploys."
_DOORS = """AWS's front door to emulate (default: rest): a REST API, an HTTP API, each also at its own address, whose
paths begin with the stage; a Function URL; a load balancer, also without multi-value headers"""
_WELCOME = """
  Kibana        {url}/
  user          {user}
  password      {password}

  40 s of work  {url}/demo-slow/_search?delay=40
  20 MB         {url}/_demo/giant?size=20000000
  50 MB, {way}
                curl -u {user}:{password} {options} '{url}/_demo/giant?size=50000000'
"""


class _Terminated(Exception):
    """SIGTERM: leave every block in order."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until interrupted. Exit status 1 where this machine cannot."""
    parser = argparse.ArgumentParser(prog="python -m access_es.demo.cloud", description=_WHAT)
    parser.add_argument("--door", choices=NAMES, default="rest", help=_DOORS)
    parser.add_argument("--streaming", action="store_true", help="with the door rest: its answers stream")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (default: 8080)")
    args = parser.parse_args(arguments)
    if args.streaming and args.door != "rest":
        parser.error("only the door rest streams")
    try:
        port = free_port("127.0.0.1", args.port)
        signal.signal(signal.SIGTERM, _terminate)
        with running_demonstration(args.door, port, os.environ, _say, streaming=args.streaming) as demo:
            url = f"{demo.door.url}/dev" if args.door.endswith("-stage") else demo.door.url
            print(first_words(url, demo.user, demo.password, streaming=args.streaming), flush=True)
            _say(f"Emulated front door: {args.door}. The function runs from Zappa's zip. Stop with Ctrl-C.")
            signal.pause()
    except AddressUnusable as fault:
        _say(fault.message)
        return 1
    except (DemoUnavailable, SampleDataRefused, DeployFailed, UserNotMade) as fault:
        _say(str(fault))
        return 1
    except (KeyboardInterrupt, _Terminated):
        _say("Stopped.")
    return 0


def first_words(url: str, user: str, password: str, *, streaming: bool) -> str:
    """Where to go, as whom, and what shows that the limits of 29 seconds and 6 MB do not apply."""
    way, options = (
        ("streamed without a redirect, 22 s as on Lambda (--compressed: 1 s)", "-o answer")
        if streaming
        else ("through the bucket", "-L -o answer")
    )
    return _WELCOME.format(url=url, user=user, password=password, way=way, options=options)


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
