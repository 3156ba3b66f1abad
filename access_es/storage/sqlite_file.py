"""One SQLite file: readable by its owner only, shared by threads and processes, never used across a fork."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from access_es.storage.errors import StoreUnusable
from access_es.storage.sqlite_connection import BUSY_SECONDS, Connection, transaction

_VERSION = 5
_BRIEF_SECONDS = 0.2
_MAX_IDLE = 16
_SESSIONS = """
CREATE TABLE sessions (id TEXT PRIMARY KEY, user TEXT NOT NULL, epoch TEXT NOT NULL, device TEXT NOT NULL,
    place TEXT NOT NULL, how TEXT NOT NULL, begun INTEGER NOT NULL, until INTEGER NOT NULL, last_used INTEGER NOT NULL,
    provider_session TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX sessions_user ON sessions (user);
CREATE INDEX sessions_until ON sessions (until);
CREATE TABLE machines (name TEXT PRIMARY KEY, last_used INTEGER NOT NULL) WITHOUT ROWID;
"""
_CHANGE_LOG = """
CREATE TABLE change_log (id TEXT PRIMARY KEY, time REAL NOT NULL, actor TEXT NOT NULL, via TEXT NOT NULL,
    action TEXT NOT NULL, target TEXT NOT NULL, detail TEXT NOT NULL) WITHOUT ROWID;
"""
_SCHEMA = (
    """
CREATE TABLE users (name TEXT PRIMARY KEY, password_hash TEXT NOT NULL, created INTEGER NOT NULL,
    groups TEXT NOT NULL, disabled INTEGER NOT NULL, epoch TEXT NOT NULL,
    issuer TEXT NOT NULL DEFAULT '', subject TEXT NOT NULL DEFAULT '', display_name TEXT NOT NULL DEFAULT '',
    signed_in INTEGER NOT NULL DEFAULT 0, last_used INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID;
CREATE TABLE tokens (id TEXT PRIMARY KEY, user TEXT NOT NULL, label TEXT NOT NULL, digest BLOB NOT NULL,
    created INTEGER NOT NULL, expires INTEGER NOT NULL, roles TEXT, last_used INTEGER NOT NULL DEFAULT 0,
    UNIQUE (user, label)) WITHOUT ROWID;
CREATE TABLE revocations (session_id TEXT PRIMARY KEY, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE failures (key TEXT PRIMARY KEY, count INTEGER NOT NULL, last REAL NOT NULL, until REAL NOT NULL)
    WITHOUT ROWID;
CREATE INDEX failures_until ON failures (until);
CREATE TABLE changes (revision INTEGER NOT NULL);
INSERT INTO changes VALUES (0);
"""
    + _SESSIONS
    + _CHANGE_LOG
)
# What brings a file of each earlier format to the next one, statement by statement.
_UPGRADES = {
    1: (
        "CREATE TABLE users_2 (name TEXT PRIMARY KEY, password_hash TEXT NOT NULL, created INTEGER NOT NULL,"
        " groups TEXT NOT NULL, disabled INTEGER NOT NULL, epoch TEXT NOT NULL) WITHOUT ROWID",
        "INSERT INTO users_2 SELECT name, password_hash, created, '[]', disabled, epoch FROM users",
        "DROP TABLE users",
        "ALTER TABLE users_2 RENAME TO users",
        "ALTER TABLE tokens ADD COLUMN roles TEXT",
    ),
    2: (
        "ALTER TABLE users ADD COLUMN issuer TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE users ADD COLUMN subject TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE users ADD COLUMN display_name TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE users ADD COLUMN signed_in INTEGER NOT NULL DEFAULT 0",
    ),
    3: (
        "ALTER TABLE users ADD COLUMN last_used INTEGER NOT NULL DEFAULT 0",
        "ALTER TABLE tokens ADD COLUMN last_used INTEGER NOT NULL DEFAULT 0",
        *_SESSIONS.strip().removesuffix(";").split(";"),
    ),
    4: (_CHANGE_LOG.strip().removesuffix(";"),),
}
# SQLite: "do not open an SQLite database connection, then fork(2), then try to use that database connection in the
# child process", nor close it there (sqlite.org/howtocorrupt.html, 2.6). So a child keeps what it inherited, untouched.
_inherited: list[object] = []


class _Connection(Connection):
    """Remembers the revision it read last, and the data version at which it did."""

    data_version = -1
    revision = -1


class SqliteFile:
    """Connections to one file, opened when needed, lent to one thread at a time."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._idle: deque[_Connection] = deque()
        self._process = os.getpid()

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        with self._pooled() as connection:
            yield connection

    @contextmanager
    def write(self, *, is_change: bool = True) -> Iterator[sqlite3.Connection]:
        """A transaction, durable at its end. `is_change` moves the revision."""
        with self._pooled() as connection:
            with transaction(connection):
                yield connection
                if is_change:
                    connection.execute("UPDATE changes SET revision = revision + 1")
            connection.data_version = -1  # SQLite's data version moves for the commits of other connections only

    @contextmanager
    def write_lightly(self) -> Iterator[sqlite3.Connection]:
        """A transaction for what matters little: it moves no revision, waits for no disk and hardly for other writers.

        It may be lost when the machine loses its power (sqlite.org/pragma.html, "synchronous").
        """
        with self._pooled() as connection:
            connection.execute("PRAGMA synchronous = NORMAL")
            connection.busy_seconds = _BRIEF_SECONDS
            try:
                with transaction(connection):
                    yield connection
            finally:
                connection.busy_seconds = BUSY_SECONDS
                connection.execute("PRAGMA synchronous = FULL")

    def revision(self) -> int:
        """How often users, tokens or revocations changed, whoever did it. Some microseconds."""
        connection = self._acquire()
        try:
            version = connection.execute("PRAGMA data_version").fetchone()[0]
            if version != connection.data_version:
                connection.revision = connection.execute("SELECT revision FROM changes").fetchone()[0]
                connection.data_version = version
        except sqlite3.Error as error:
            connection.close()
            raise self._unusable(str(error)) from error
        self._release(connection)
        return connection.revision

    def close(self) -> None:
        while self._idle:
            self._idle.pop().close()

    @contextmanager
    def _pooled(self) -> Iterator[_Connection]:
        connection = self._acquire()
        try:
            yield connection
        except sqlite3.Error as error:
            connection.close()
            raise self._unusable(str(error)) from error
        except BaseException:
            self._release(connection)
            raise
        self._release(connection)

    def _acquire(self) -> _Connection:
        if self._process != os.getpid():
            _inherited.append(self._idle)
            self._idle, self._process = deque(), os.getpid()
        try:
            return self._idle.pop()
        except IndexError:
            return self._open()

    def _release(self, connection: _Connection) -> None:
        if len(self._idle) < _MAX_IDLE:
            self._idle.append(connection)
        else:
            connection.close()

    def _open(self) -> _Connection:
        try:
            if not self.path.exists():
                _create(self.path)
            if self.path.stat().st_mode & 0o077:
                raise self._unusable(f"other users can read it; run: chmod 600 {self.path}")
            connection = _connect(self.path)
        except (OSError, sqlite3.Error) as error:
            raise self._unusable(str(error)) from error
        try:
            version = _upgraded(connection)
        except sqlite3.Error as error:
            connection.close()
            raise self._unusable(str(error)) from error
        if version != _VERSION:
            connection.close()
            raise self._unusable(f"it has format {version}, this access-es reads format {_VERSION}")
        return connection

    def _unusable(self, why: str) -> StoreUnusable:
        return StoreUnusable(detail=f"The accounts file {self.path} cannot be used: {why}")


def _upgraded(connection: sqlite3.Connection) -> int:
    """The file's format, after an upgrade where it is an earlier one: all of it in one transaction, or nothing."""
    version: int = connection.execute("PRAGMA user_version").fetchone()[0]
    if version not in _UPGRADES:
        return version
    with transaction(connection):
        found = version = connection.execute("PRAGMA user_version").fetchone()[0]  # by now: others may have been faster
        while version in _UPGRADES:
            for statement in _UPGRADES[version]:
                connection.execute(statement)
            version += 1
            connection.execute(f"PRAGMA user_version = {version}")
        if version != found:
            connection.execute("UPDATE changes SET revision = revision + 1")
    return version


def _create(path: Path) -> None:
    """Put a whole, empty file at `path`, unless another process was first."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)  # mode 0600 from its first moment
    os.close(handle)
    made = Path(name)
    try:
        with closing(_connect(made)) as connection:
            # Kept in the file: readers never wait for a writer, nor a writer for readers (sqlite.org/wal.html). The
            # files that SQLite puts beside it get the mode of the file itself.
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        made.chmod(0o600)
        os.link(made, path)  # unlike a rename, fails if there is one by now
    except FileExistsError:
        return
    finally:
        made.unlink()


def _connect(path: Path) -> _Connection:
    """A connection in autocommit mode; `mode=rw`, so that a missing file is an error and not a new one."""
    uri = f"{path.absolute().as_uri()}?mode=rw"
    return sqlite3.connect(uri, uri=True, timeout=0, isolation_level=None, check_same_thread=False, factory=_Connection)
