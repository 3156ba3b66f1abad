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
from access_es.demo.errors import DemoUnavailable
from access_es.demo.sample_data import SampleDataRefused


class _Terminated(Exception):
    """SIGTERM: leave every block in order."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until it is told to stop. Exit status 1 where this machine cannot."""
    parser = argparse.ArgumentParser(prog="python -m access_es.demo.cloud", description=__doc__)
    parser.add_argument("--door", choices=NAMES, default="rest", help="AWS's front door to emulate (default: rest)")
    parser.add_argument("--port", type=int, default=8080, help="port to listen on (default: 8080)")
    args = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _terminate)
    try:
        with running_demonstration(args.door, args.port, os.environ, _say) as demo:
            at = "dev/" if args.door.endswith("-stage") else ""
            print(
                f"\n  Kibana    {demo.door.url}/{at}\n  user      {demo.user}\n  password  {demo.password}\n",
                flush=True,
            )
            _say(f"Behind an emulated '{args.door}' door, from the zip that Zappa packed. Stop with Ctrl-C.")
            signal.pause()
    except (DemoUnavailable, SampleDataRefused, DeployFailed, UserNotMade) as fault:
        _say(str(fault))
        return 1
    except (KeyboardInterrupt, _Terminated):
        _say("Stopped.")
    return 0


def _terminate(number: int, frame: FrameType | None) -> None:
    raise _Terminated


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
