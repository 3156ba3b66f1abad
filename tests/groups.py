"""Which tests of the heavy stages follow each other in one worker, and which groups begin first.

pytest-xdist has groups of its own (`--dist loadgroup`), but its version 3.8 finds none of them with pytest 9.2, and says
nothing. So groups are made of the names of files here, and used with `--dist loadscope`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parent.parent
ENGINES, KEYCLOAK = "engines", "keycloak"
# What takes longest begins first, so that no worker is left with it at the end.
LONGEST = (
    ENGINES,
    "tests/cloud/test_large_answers.py",
    KEYCLOAK,
    "tests/cloud/test_deploy.py",
    "tests/tasks/test_exactly_once.py",
    "tests/cloud/test_battery.py",
    "tests/cloud/test_long_queries.py",
)


@cache
def group(file: str) -> str:
    """A file by itself; those that ask for the engines share one set of them and its data, and follow each other.

    So do those that ask for a Keycloak.
    """
    if file.startswith("tests/keycloak/"):
        return KEYCLOAK
    path = ROOT / file
    return ENGINES if path.is_file() and "mark.engines" in path.read_text() else file


def order(file: str) -> int:
    name = group(file)
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)


class ByGroup(LoadScopeScheduling):  # type: ignore[misc]
    """Hands a whole group to one worker at a time."""

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)

    def _split_scope(self, nodeid: str) -> str:
        return group(nodeid.partition("::")[0])
