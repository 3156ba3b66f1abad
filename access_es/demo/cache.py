"""Where the demo keeps what it has downloaded and prepared, and how two demos share it."""

import fcntl
import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from access_es.demo.errors import DemoUnavailable
from access_es.demo.progress import Progress


def cache_folder(environ: Mapping[str, str], user_id: int) -> Path:
    """Return the folder for the demo's parts: `ACCESS_ES_CACHE`, or the usual place of this user.

    Root gets /var/cache (FHS 3.0, section 5.5), since its engines run as nobody, who may not enter root's home.
    """
    chosen = environ.get("ACCESS_ES_CACHE")
    if chosen:
        return Path(chosen).expanduser().absolute()
    if user_id == 0:
        return Path("/var/cache/access-es")
    base = environ.get("XDG_CACHE_HOME") or Path("~/.cache").expanduser()
    return Path(base) / "access-es"


@contextmanager
def whole_folder(target: Path) -> Iterator[Path]:
    """Yield an empty folder that becomes `target` when the block succeeds: no half-made one is ever used."""
    prefix = f"{target.name}.partial-"
    for left_behind in target.parent.glob(f"{prefix}*"):
        shutil.rmtree(left_behind, ignore_errors=True)
    partial = Path(tempfile.mkdtemp(prefix=prefix, dir=target.parent))
    partial.chmod(0o755)
    yield partial
    partial.rename(target)


@contextmanager
def shared_lock(lock_file: Path, progress: Progress) -> Iterator[None]:
    """Hold a lock while preparing parts; another demo that prepares them meanwhile is waited for."""
    with lock_file.open("a") as handle:
        if not _try_lock(handle):
            progress("Waiting for another demo on this machine that prepares the same parts")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def exclusive_lock(folder: Path, progress: Progress, timeout_seconds: float = 15) -> Iterator[int]:
    """Hold a data folder for one demo and yield the lock's descriptor.

    Children that inherit the descriptor keep the lock until they have ended too, even when this process was killed.
    They do so within seconds, so a demo that is started again right after that is patient.
    """
    deadline = time.monotonic() + timeout_seconds
    with (folder / "lock").open("a") as handle:
        free = _try_lock(handle)
        if not free:
            progress("Waiting for another demo on this machine to end")
        while not free:
            if time.monotonic() > deadline:
                raise DemoUnavailable(
                    f"Another demo is using the data in {folder}: stop it first, or give this one a cache and a port.",
                    "ACCESS_ES_CACHE=/var/tmp/access-es-2 make run ARGS='--port 8081'  # or make demo-lambda",
                )
            time.sleep(0.1)
            free = _try_lock(handle)
        yield handle.fileno()


def _try_lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
