"""How this program is called, for hints that people copy into their terminal."""

from __future__ import annotations

import sys
from pathlib import Path

_INSTALLED = "access-es"


def program() -> str:
    """As it was called itself: under the name that it is installed with, or as a module."""
    return _INSTALLED if Path(sys.argv[0]).name == _INSTALLED else "python -m access_es"
