"""Compiles valid bytecode for the package, before Zappa packs it (`prebuild_script` in the settings).

Zappa gives every file a new time, so bytecode that trusts times is stale in the package, and Lambda's folder for code
cannot be written to: all source would be compiled at every cold start. Bytecode that is checked by the source's hash
(PEP 552) stays valid. The Python that packs has to be the one that runs.
"""

from __future__ import annotations

import compileall
import sysconfig
from pathlib import Path
from py_compile import PycInvalidationMode

LAMBDA_FOLDER = "/var/task"
PACKAGE = Path(__file__).parent.parent


def compile_all() -> None:
    """Compile our package and the installed ones, as they will lie in Lambda."""
    compile_folder(PACKAGE, PACKAGE.parent)
    site_packages = Path(sysconfig.get_path("purelib"))
    compile_folder(site_packages, site_packages)


def compile_folder(folder: Path, root: Path) -> None:
    """Tracebacks will name the files as they lie below LAMBDA_FOLDER. A file that cannot be compiled is left alone."""
    compileall.compile_dir(
        folder,
        quiet=2,
        force=True,
        workers=0,
        stripdir=str(root),
        prependdir=LAMBDA_FOLDER,
        invalidation_mode=PycInvalidationMode.CHECKED_HASH,
    )
