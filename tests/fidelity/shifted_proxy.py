"""access-es whose clock for signatures is CLOCK_SHIFT_SECONDS ahead: `serve` in every other respect."""

from __future__ import annotations

from access_es.server.cooperative import make_cooperative

make_cooperative()

import os
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask

from access_es.app import create_app
from access_es.server.master import Place, serve
from access_es.services import build_services
from access_es.settings.names import Settings
from access_es.settings.read import read_settings
from access_es.settings.stage import read_stage


def shifted_app(settings: Settings, shift: timedelta) -> Flask:
    return create_app(build_services(settings, clock=lambda: datetime.now(UTC) + shift))


def main() -> int:
    settings = read_settings(read_stage(Path("zappa_settings.json"), "local", os.environ).values)
    shift = timedelta(seconds=float(os.environ["CLOCK_SHIFT_SECONDS"]))
    workers = int(sys.argv[sys.argv.index("--workers") + 1])
    return serve(lambda: shifted_app(settings, shift), Place(port=0, workers=workers))


if __name__ == "__main__":
    sys.exit(main())
