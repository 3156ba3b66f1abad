"""`make test` and `make test-fast`: the stages, one after the other, and what passed only when it was run once more.

A busy machine can make a test of time fail. What failed in a stage runs once more, alone, and has to pass then; the
last lines name it, because a test that fails now and then has a defect.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
HEAVY = "engines or browser or cloud or heavy"
_BY_FILE = ("-n", "auto", "--dist", "loadfile")
# Groups are those of tests/groups.py. Many of these tests wait.
_BY_GROUP = ("-n", str(max(2, min(4, os.cpu_count() or 1))), "--dist", "loadscope", "--no-loadscope-reorder")
_NO_TESTS = 5  # pytest's exit status where nothing was selected


@dataclass(frozen=True, slots=True)
class Stage:
    """`name` is also that of its cache, which remembers what failed."""

    name: str
    marks: str
    how: tuple[str, ...] = ()


STAGES = (
    Stage("units", f"not (servers or {HEAVY})", _BY_FILE),
    Stage("servers", f"servers and not ({HEAVY})", _BY_FILE),
    Stage("real", f"({HEAVY}) and not alone", _BY_GROUP),
    Stage("alone", f"({HEAVY}) and alone"),
)


def main(kind: str, options: Sequence[str], root: Path = ROOT) -> int:
    """Run the units, or all stages up to the first that fails twice. 1 where one does. `root` is the project."""
    second_try: list[str] = []
    for stage in STAGES[: 1 if kind == "fast" else None]:
        began = time.monotonic()
        failed = run(stage, options, root)
        if failed and not run_again(stage, failed, options, root):
            print(f"Stage '{stage.name}' failed after {time.monotonic() - began:.0f} s.")
            return 1
        second_try += failed
        print(f"Stage '{stage.name}' passed in {time.monotonic() - began:.0f} s.", flush=True)
    if second_try:
        print("These failed, and passed when they were run once more, alone. Each has a defect:")
        print("\n".join(f"  {name}" for name in second_try))
    return 0


def run(stage: Stage, options: Sequence[str], root: Path) -> list[str]:
    """The names of what failed; the stage's own name where that is not known."""
    cache = root / ".pytest_cache" / stage.name
    shutil.rmtree(cache, ignore_errors=True)
    status = _pytest([*stage.how, "-m", stage.marks, "-o", f"cache_dir={cache}", *options], root)
    if status in (0, _NO_TESTS):
        return []
    file = cache / "v" / "cache" / "lastfailed"
    failed = json.loads(file.read_text()) if file.exists() else {}
    return list(failed) or [stage.name]


def run_again(stage: Stage, failed: Sequence[str], options: Sequence[str], root: Path) -> bool:
    """Whether all of them pass alone. Options stay; paths among them do not, as the names say which tests."""
    if failed == [stage.name]:
        return False
    kept = [option for option in options if not (root / option.partition("::")[0]).exists()]
    return _pytest([*failed, *kept], root) == 0


def _pytest(arguments: Sequence[str], root: Path) -> int:
    return subprocess.run([sys.executable, "-m", "pytest", *arguments], cwd=root).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1], sys.argv[2:]))
    except KeyboardInterrupt:
        sys.exit(130)
