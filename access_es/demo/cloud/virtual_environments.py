"""Clean environments for Python programs, made once and kept: one to deploy from, one that is Lambda's runtime."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from access_es.demo.cache import shared_lock
from access_es.demo.errors import DemoUnavailable
from access_es.demo.progress import Progress, step

_VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True, slots=True)
class VirtualEnvironment:
    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    @property
    def site_packages(self) -> Path:
        return self.folder / "lib" / f"python{_VERSION}" / "site-packages"


def virtual_environment(
    name: str, requirement_files: Iterable[Path], cache: Path, progress: Progress
) -> VirtualEnvironment:
    """One with just these requirements, from the cache where it has it. Raises DemoUnavailable."""
    files = tuple(requirement_files)
    facts = [sys.version, *(file.read_text(encoding="utf-8") for file in files)]
    digest = hashlib.sha256("\0".join(facts).encode()).hexdigest()[:16]
    folder = cache / "venvs" / f"{name}-{_VERSION}-{digest}"
    folder.parent.mkdir(parents=True, exist_ok=True)
    done = folder / ".complete"
    with shared_lock(folder.with_suffix(".lock"), progress):
        if not done.exists():
            with step(progress, f"Installing what the {name} environment needs"):
                _install(folder, files)
            done.touch()
    return VirtualEnvironment(folder)


def _install(folder: Path, files: Iterable[Path]) -> None:
    wanted = [word for file in files for word in ("-r", str(file))]
    python = str(folder / "bin" / "python")
    for command in (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted],
    ):
        done = subprocess.run(command, capture_output=True, text=True, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise DemoUnavailable(f"Could not make a virtual environment:\n{done.stderr.strip()}\n", " ".join(command))
