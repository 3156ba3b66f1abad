"""Where the demo keeps what it has downloaded and prepared, and how two demos share it."""

import fcntl
import shutil
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
    partial = target.with_name(target.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    yield partial
    partial.rename(target)


@contextmanager
def shared_turn(lock_file: Path, progress: Progress) -> Iterator[None]:
    """Hold a lock while preparing parts; another demo that prepares them meanwhile is waited for."""
    with lock_file.open("a") as handle:
        if not _try_lock(handle):
            progress("Waiting for another demo on this machine that prepares the same parts")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextmanager
def sole_use(folder: Path) -> Iterator[int]:
    """Hold a data folder for one demo and yield the lock's descriptor.

    Children that inherit the descriptor keep the lock until they have ended too, even when this process was killed.
    """
    with (folder / "lock").open("a") as handle:
        if not _try_lock(handle):
            raise DemoUnavailable(
                f"Another demo is using the data in {folder}: stop it first, or give this one a cache of its own.",
                "ACCESS_ES_CACHE=/var/tmp/access-es-2 make run",
            )
        yield handle.fileno()


def _try_lock(handle: IO[str]) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
