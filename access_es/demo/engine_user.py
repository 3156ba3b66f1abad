"""Who runs the engines: Elasticsearch and OpenSearch refuse to run as root, so root hands them to nobody."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from access_es.demo.errors import DemoUnavailable

NOBODY = 65534
"""The user id that every Linux keeps for nobody (proc(5), /proc/sys/kernel/overflowuid)."""


def as_engine_user(command: Sequence[str]) -> list[str]:
    """Return the command that runs `command` without root's rights; as any other user it is `command` itself."""
    if os.geteuid() != 0:
        return list(command)
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise DemoUnavailable("As root, the demo needs setpriv to run its engines.", "apt-get install util-linux")
    return [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--", *command]


def change_owner(path: Path) -> None:
    """Make the engine user the owner of a file or of a folder with all that is in it; nothing to do unless root."""
    if os.geteuid() != 0:
        return
    os.lchown(path, NOBODY, NOBODY)
    for folder, folders, files in os.walk(path):
        for name in folders + files:
            os.lchown(Path(folder, name), NOBODY, NOBODY)


def make_reachable(folder: Path) -> None:
    """Create a folder that the engine user can pass through; a umask or a private parent may stand against that."""
    folder.mkdir(parents=True, exist_ok=True)
    if os.geteuid() != 0:
        return
    folder.chmod(0o755)
    private = [str(parent) for parent in folder.resolve().parents if not parent.stat().st_mode & 0o001]
    if private:
        raise DemoUnavailable(
            f"The demo's engines do not run as root, and other users cannot enter {private[-1]}.",
            "ACCESS_ES_CACHE=/var/tmp/access-es make run  # or make demo-lambda",
        )
