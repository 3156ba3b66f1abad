import subprocess
import sys
import threading
from pathlib import Path

import pytest

from access_es.demo.cache import cache_folder, exclusive_lock, shared_lock, whole_folder
from access_es.demo.errors import DemoUnavailable

HOLD = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, fcntl.LOCK_EX); print(flush=True); input()"


def test_the_cache_is_where_the_person_wants_it() -> None:
    assert cache_folder({"ACCESS_ES_CACHE": "/somewhere"}, 0) == Path("/somewhere")


def test_root_has_a_cache_that_others_may_enter() -> None:
    assert cache_folder({"HOME": "/somewhere"}, 0) == Path("/var/cache/access-es")


def test_a_person_has_a_cache_in_the_home_folder() -> None:
    assert cache_folder({"XDG_CACHE_HOME": "/somewhere/c"}, 1000) == Path("/somewhere/c/access-es")
    assert cache_folder({}, 1000) == Path("~/.cache/access-es").expanduser()


def test_a_folder_is_there_only_when_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "part"
    with pytest.raises(ZeroDivisionError), whole_folder(target) as partial:
        (partial / "half").touch()
        raise ZeroDivisionError
    assert not target.exists()


def test_what_an_interrupted_run_left_is_not_in_the_next(tmp_path: Path) -> None:
    (tmp_path / "part.partial-1").mkdir()
    (tmp_path / "part.partial-1" / "half").touch()
    with whole_folder(tmp_path / "part") as partial:
        (partial / "whole").touch()
    assert [entry.name for entry in tmp_path.rglob("*")] == ["part", "whole"]


def holder(file: Path) -> "subprocess.Popen[bytes]":
    """Return another process that holds the lock until a line is written to it."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    return process


def test_a_second_demo_on_the_same_data_gets_an_explanation(tmp_path: Path) -> None:
    said: list[str] = []
    with holder(tmp_path / "lock") as other:
        with (
            pytest.raises(DemoUnavailable, match="Another demo") as refused,
            exclusive_lock(tmp_path, said.append, 0.2),
        ):
            raise AssertionError("both have it")
        other.communicate(b"\n")
    assert "ACCESS_ES_CACHE" in refused.value.command
    assert "--port" in refused.value.command
    with exclusive_lock(tmp_path, said.append):
        pass
    assert said == ["Waiting for another demo on this machine to end"]


def test_a_demo_that_is_just_ending_is_waited_for(tmp_path: Path) -> None:
    said: list[str] = []
    with holder(tmp_path / "lock") as other:
        ending = threading.Timer(0.3, other.communicate, [b"\n"])
        ending.start()
        with exclusive_lock(tmp_path, said.append):
            ending.join()
            assert other.returncode == 0


def test_a_second_demo_waits_while_the_first_prepares(tmp_path: Path) -> None:
    said: list[str] = []
    with holder(tmp_path / "turn") as other:

        def end_the_other(text: str) -> None:
            said.append(text)
            other.communicate(b"\n")

        with shared_lock(tmp_path / "turn", end_the_other):
            assert other.returncode == 0
    assert len(said) == 1
