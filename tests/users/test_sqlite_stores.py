"""The stores in one local file."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from access_es.storage.sqlite_file import SqliteFile
from access_es.users.sqlite_stores import open_file_stores
from access_es.users.stores import Stores
from access_es.users.user import User, disabled
from tests.users.store_contract import NOW, StoreContract, record, token, user


def close(stores: Stores) -> None:
    cast(SqliteFile, stores.changes).close()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "accounts.db"


@pytest.fixture
def stores(path: Path) -> Iterator[Stores]:
    opened = open_file_stores(path, clock=lambda: NOW)
    yield opened
    close(opened)


@pytest.fixture
def neighbour(path: Path) -> Iterator[Stores]:
    """The same file as another process would have it open."""
    opened = open_file_stores(path, clock=lambda: NOW)
    yield opened
    close(opened)


class TestFileStores(StoreContract):
    pass


CHANGES: dict[str, Callable[[Stores], object]] = {
    "a user is added": lambda stores: stores.users.add(user("bob")),
    "a user is changed": lambda stores: stores.users.replace(user_of(stores), disabled(user_of(stores))),
    "a user is removed": lambda stores: stores.users.remove("ann"),
    "a token is added": lambda stores: stores.tokens.add(token("other")),
    "a token is revoked": lambda stores: stores.tokens.remove("ann", "ci"),
    "all tokens are revoked": lambda stores: stores.tokens.remove_all("ann"),
    "a session is ended": lambda stores: stores.revocations.revoke("one", NOW + 60),
}


def user_of(stores: Stores) -> User:
    found = stores.users.find("ann")
    assert found
    return found


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_every_process_sees_the_revision_move_at_once(
    stores: Stores, neighbour: Stores, change: Callable[[Stores], object]
) -> None:
    stores.users.add(user())
    stores.tokens.add(token())
    before = stores.changes.revision()
    assert neighbour.changes.revision() == before
    change(stores)
    assert stores.changes.revision() == neighbour.changes.revision() != before


def test_failed_sign_ins_do_not_move_the_revision(stores: Stores, neighbour: Stores) -> None:
    """A stranger who guesses must not make everybody else slow."""
    before = neighbour.changes.revision()
    stores.failures.record(("a",), NOW, 100)
    stores.failures.clear(("a",))
    assert (stores.changes.revision(), neighbour.changes.revision()) == (before, before)


def test_revocations_go_when_their_sessions_would_be_over(path: Path) -> None:
    now = NOW
    stores = open_file_stores(path, clock=lambda: now)
    stores.revocations.revoke("old", NOW + 60)
    now = NOW + 61
    stores.revocations.revoke("new", NOW + 120)
    assert not stores.revocations.is_revoked("old")
    assert stores.revocations.is_revoked("new")
    close(stores)


def test_records_of_sessions_go_when_their_time_is_over(path: Path) -> None:
    now = NOW
    stores = open_file_stores(path, clock=lambda: now)
    stores.sessions.put(replace(record("old"), until=int(NOW) + 60))
    now = NOW + 60
    stores.sessions.put(record("new"))
    with cast(SqliteFile, stores.changes).read() as connection:
        assert connection.execute("SELECT id FROM sessions").fetchall() == [("new",)]
    close(stores)


def test_several_processes_write_at_once(path: Path, stores: Stores) -> None:
    """Each opens the file at the same moment, none loses a write, none fails."""
    writer = textwrap.dedent("""
        import sys
        from pathlib import Path
        from access_es.users.sqlite_stores import open_file_stores
        from access_es.users.user import User

        stores, me = open_file_stores(Path(sys.argv[1])), sys.argv[2]
        sys.stdin.readline()
        for number in range(25):
            assert stores.users.add(User(f"{me}-{number}", "hash", 1))
            stores.failures.record(("all",), 1_800_000_000.0, 100)
            stores.users.find(f"a-{number}")
        stores.changes.close()
    """)
    processes = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", writer, str(path), name], stdin=subprocess.PIPE)
        for name in "abcd"
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write(b"\n")
        process.stdin.close()
    assert [process.wait(60) for process in processes] == [0, 0, 0, 0]
    assert len(stores.users.all()) == 100
    assert stores.failures.read(("all",))["all"].count == 100
    assert stores.changes.revision() == 100
