import os
import subprocess
import tempfile
from pathlib import Path

import pytest

from access_es.demo.engine_user import NOBODY, as_engine_user, change_owner, make_reachable
from access_es.demo.errors import DemoUnavailable

root_only = pytest.mark.skipif(os.geteuid() != 0, reason="only root hands its engines to another user")


def test_engines_never_run_as_root() -> None:
    user = subprocess.run(as_engine_user(["/usr/bin/id", "-u"]), capture_output=True, text=True, check=True).stdout
    assert int(user) == (NOBODY if os.geteuid() == 0 else os.geteuid())


@root_only
def test_a_folder_is_handed_over_with_all_that_is_in_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "file").touch(mode=0o600)
    (tmp_path / "link").symlink_to("/etc/passwd")
    change_owner(tmp_path)
    owners = {path.lstat().st_uid for path in (tmp_path, *tmp_path.rglob("*"))}
    assert owners == {NOBODY}
    assert Path("/etc/passwd").stat().st_uid == 0


@root_only
def test_a_folder_that_the_engines_cannot_reach_is_refused() -> None:
    with tempfile.TemporaryDirectory() as private, pytest.raises(DemoUnavailable, match=private):
        make_reachable(Path(private) / "cache")


@root_only
def test_a_folder_is_reachable_whatever_the_umask() -> None:
    before = os.umask(0o077)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            make_reachable(Path(scratch))
            assert Path(scratch).stat().st_mode & 0o777 == 0o755
    finally:
        os.umask(before)
