"""One SQLite file."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from access_es.storage.errors import StoreUnusable
from access_es.storage.sqlite_file import SqliteFile
from access_es.users.sqlite_stores import open_file_stores
from access_es.users.tokens import Token
from access_es.users.user import User


@pytest.fixture
def file(tmp_path: Path) -> Iterator[SqliteFile]:
    opened = SqliteFile(tmp_path / "state" / "accounts.db")
    yield opened
    opened.close()


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_nothing_is_made_before_it_is_needed(file: SqliteFile) -> None:
    assert not file.path.parent.exists()


def test_the_file_is_its_owners_alone(file: SqliteFile) -> None:
    """The folder, the file, and what SQLite puts beside it; with the laxest umask."""
    before = os.umask(0)
    try:
        with file.write():
            assert mode(file.path.parent) == 0o700
            found = {path.name: mode(path) for path in file.path.parent.iterdir()}
    finally:
        os.umask(before)
    assert found == {"accounts.db": 0o600, "accounts.db-wal": 0o600, "accounts.db-shm": 0o600}


def test_a_file_that_others_may_read_is_refused(file: SqliteFile) -> None:
    file.revision()
    file.close()
    file.path.chmod(0o640)
    with pytest.raises(StoreUnusable) as caught:
        file.revision()
    assert f"chmod 600 {file.path}" in caught.value.detail


def test_a_failed_transaction_leaves_nothing(file: SqliteFile) -> None:
    with pytest.raises(ZeroDivisionError), file.write() as connection:
        connection.execute("INSERT INTO revocations VALUES ('one', 1)")
        raise ZeroDivisionError
    with file.read() as connection:
        assert connection.execute("SELECT count(*) FROM revocations").fetchone() == (0,)
    assert file.revision() == 0


def test_what_is_written_lightly_moves_no_revision_and_waits_hardly_for_other_writers(file: SqliteFile) -> None:
    with file.write_lightly() as connection:
        connection.execute("INSERT INTO machines VALUES ('one', 1)")
    with file.write():
        started = time.monotonic()
        with pytest.raises(StoreUnusable, match="cannot be read"), file.write_lightly():
            pass
        assert time.monotonic() - started < 2
    with file.read() as connection:
        assert connection.execute("SELECT * FROM machines").fetchall() == [("one", 1)]
        assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    assert file.revision() == 1


@pytest.mark.parametrize("content", [b"not a database at all, but long enough" * 50, b"", b"SQLite format 3\0"])
def test_a_file_that_is_no_accounts_file_is_named(file: SqliteFile, content: bytes) -> None:
    file.path.parent.mkdir()
    file.path.touch(0o600)
    file.path.write_bytes(content)
    with pytest.raises(StoreUnusable) as caught:
        file.revision()
    assert str(file.path) in caught.value.detail
    assert str(file.path) not in caught.value.message
    assert file.path.read_bytes() == content


def test_a_file_damaged_later_is_named(file: SqliteFile) -> None:
    with file.write() as connection:
        connection.executemany("INSERT INTO revocations VALUES (?, 1)", [(str(n) * 20,) for n in range(500)])
    file.close()
    size = file.path.stat().st_size
    with file.path.open("r+b") as damaged:
        damaged.seek(4_096)
        damaged.write(b"\xff" * (size - 4_096))
    with pytest.raises(StoreUnusable, match="cannot be read"), file.read() as connection:
        connection.execute("SELECT count(*), max(until) FROM revocations").fetchone()


def test_a_file_of_a_later_format_is_refused(file: SqliteFile) -> None:
    file.revision()
    file.close()
    with closing(sqlite3.connect(file.path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreUnusable) as caught:
        file.revision()
    assert "format 99" in caught.value.detail


TABLES = ("users", "tokens", "revocations", "failures", "sessions", "machines", "change_log", "changes")
FORMAT_1 = """
CREATE TABLE users (name TEXT PRIMARY KEY, password_hash TEXT NOT NULL, created INTEGER NOT NULL, role TEXT NOT NULL,
    disabled INTEGER NOT NULL, epoch TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE tokens (id TEXT PRIMARY KEY, user TEXT NOT NULL, label TEXT NOT NULL, digest BLOB NOT NULL,
    created INTEGER NOT NULL, expires INTEGER NOT NULL, UNIQUE (user, label)) WITHOUT ROWID;
CREATE TABLE revocations (session_id TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE failures (key TEXT PRIMARY KEY, count INTEGER NOT NULL, last REAL NOT NULL, until REAL NOT NULL)
    WITHOUT ROWID;
CREATE INDEX failures_until ON failures (until);
CREATE TABLE changes (revision INTEGER NOT NULL);
INSERT INTO changes VALUES (7);
INSERT INTO users VALUES ('ann', 'scrypt$x', 5, 'full', 0, 'e1'), ('bob', 'scrypt$y', 6, 'full', 1, 'e2');
INSERT INTO tokens VALUES ('0123456789ab', 'ann', 'ci', x'00', 5, 6);
PRAGMA user_version = 1;
"""


def test_a_file_of_an_earlier_format_is_upgraded_with_all_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "accounts.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(FORMAT_1)
    path.chmod(0o600)
    with ThreadPoolExecutor(8) as threads:  # who comes first upgrades it, the others find it upgraded
        stores = [threads.submit(open_file_stores, path).result() for _ in range(8)]
        users = [one.result() for one in [threads.submit(store.users.all) for store in stores]]
    assert users == [[User("ann", "scrypt$x", 5, (), False, "e1"), User("bob", "scrypt$y", 6, (), True, "e2")]] * 8
    assert stores[0].tokens.of("ann") == [Token("0123456789ab", "ann", "ci", b"\x00", 5, 6, None)]
    assert stores[0].changes.revision() == 8
    fresh, upgraded = (SqliteFile(tmp_path / "fresh.db"), SqliteFile(path))
    shapes = []
    for one in (fresh, upgraded):
        with one.read() as connection:
            shapes.append([connection.execute(f"PRAGMA table_info({name})").fetchall() for name in TABLES])
        one.close()
    assert shapes[0] == shapes[1]
    assert all(shapes[0])


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file where the folder should be")
    with pytest.raises(StoreUnusable) as caught:
        SqliteFile(tmp_path / "state" / "accounts.db").revision()
    assert "accounts.db" in caught.value.detail


def test_no_file_is_left(file: SqliteFile) -> None:
    file.revision()
    file.close()
    assert [path.name for path in file.path.parent.iterdir()] == ["accounts.db"]


def test_many_threads_open_it_at_once(file: SqliteFile) -> None:
    barrier, revisions = threading.Barrier(8), []

    def read() -> None:
        barrier.wait()
        revisions.append(file.revision())

    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert revisions == [0] * 8


FORK = """
import os, sys
from pathlib import Path
from access_es.storage.sqlite_file import SqliteFile

def note(who):
    with file.write() as connection:
        connection.execute("INSERT INTO revocations VALUES (?, 1)", (who,))

file = SqliteFile(Path(sys.argv[1]))
note("parent")
child = os.fork()
if child == 0:
    note("child")
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
note("parent again")
"""


def test_a_forked_process_opens_the_file_for_itself(file: SqliteFile) -> None:
    """Connections are not inherited: both sides go on writing."""
    subprocess.run([sys.executable, "-W", "error", "-c", FORK, str(file.path)], check=True, timeout=60)
    with file.read() as connection:
        found = connection.execute("SELECT session_id FROM revocations ORDER BY session_id").fetchall()
    assert found == [("child",), ("parent",), ("parent again",)]
    assert file.revision() == 3
