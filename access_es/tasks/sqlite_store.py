"""Tasks in one local file, for any threads and processes. A connection lasts for one call: none crosses a fork."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

from access_es.storage.sqlite_connection import Connection, transaction
from access_es.tasks.failures import ResultLost, TasksUnusable
from access_es.tasks.store import (
    Progress,
    Result,
    TaskRequest,
    read_request,
    read_result,
    write_request,
    write_result,
)
from access_es.tasks.stored_body import even_pieces

_OTHERS_SECONDS = 0.1  # how soon a task that ended in another process is seen
_PIECE_BYTES = 1024 * 1024
_SCHEMA = """
CREATE TABLE IF NOT EXISTS tasks (id TEXT PRIMARY KEY, state TEXT NOT NULL, runner TEXT NOT NULL, beat REAL NOT NULL,
    is_wanted INTEGER NOT NULL, expires REAL NOT NULL, request TEXT NOT NULL, request_body BLOB, result TEXT,
    result_body BLOB) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS tasks_expires ON tasks (expires);
CREATE TABLE IF NOT EXISTS pieces (name TEXT, number INTEGER, data BLOB NOT NULL, expires REAL NOT NULL,
    PRIMARY KEY (name, number));
CREATE INDEX IF NOT EXISTS pieces_expires ON pieces (expires);
"""


class TaskFile:
    """The file, made when first needed, readable by its owner only."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        self._is_made = False

    @contextmanager
    def open(self, *, write: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection; `write` makes it one transaction."""
        try:
            self._make()
            with closing(self._connect()) as connection:
                connection.execute("PRAGMA synchronous = NORMAL")
                with transaction(connection) if write else nullcontext():
                    yield connection
        except (sqlite3.Error, OSError) as fault:
            raise TasksUnusable(detail=f"The file of tasks {self.path} cannot be used: {fault}") from fault

    def _connect(self) -> Connection:
        return sqlite3.connect(self.path, timeout=0, isolation_level=None, factory=Connection)

    def _make(self) -> None:
        with self._lock:
            if self._is_made:
                return
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_CREAT | os.O_RDWR, 0o600))
            with closing(self._connect()) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
                with transaction(connection):
                    for statement in _SCHEMA.split(";"):
                        connection.execute(statement)
            self._is_made = True


class SqliteStore:
    def __init__(self, file: TaskFile, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._clock = clock
        self._ended = threading.Condition()

    def create(self, id: str, request: TaskRequest, expires: float) -> None:
        now = self._clock()
        row = (id, now, expires, write_request(request), request.body.inline)
        with self._file.open(write=True) as connection:
            connection.execute("DELETE FROM tasks WHERE expires < ?", (now,))
            connection.execute("INSERT INTO tasks VALUES (?, 'new', '', ?, 1, ?, ?, ?, NULL, NULL)", row)

    def claim(self, id: str, runner: str) -> bool:
        now = self._clock()
        query = (
            "UPDATE tasks SET state = 'claimed', runner = ?, beat = ? WHERE id = ? AND state = 'new' AND expires > ?"
        )
        return self._change(query, (runner, now, id, now))

    def request(self, id: str) -> TaskRequest:
        return read_request(*self._find("request, request_body", id))

    def record_heartbeat(self, id: str, runner: str) -> bool:
        query = "UPDATE tasks SET beat = ? WHERE id = ? AND runner = ? AND state = 'claimed' AND is_wanted"
        return self._change(query, (self._clock(), id, runner))

    def finish(self, id: str, runner: str, result: Result) -> None:
        self._change(
            "UPDATE tasks SET state = 'done', result = ?, result_body = ? WHERE id = ? AND runner = ?"
            " AND state = 'claimed'",
            (write_result(result), result.body.inline, id, runner),
        )
        with self._ended:
            self._ended.notify_all()

    def withdraw(self, id: str) -> bool:
        with self._file.open(write=True) as connection:
            connection.execute("UPDATE tasks SET state = 'withdrawn' WHERE id = ? AND state = 'new'", (id,))
            row = connection.execute("SELECT state FROM tasks WHERE id = ?", (id,)).fetchone()
        return row is None or row[0] == "withdrawn"

    def abandon(self, id: str) -> None:
        if not self.withdraw(id):
            self._change("UPDATE tasks SET is_wanted = 0 WHERE id = ? AND state = 'claimed'", (id,))

    def read_progress(self, id: str) -> Progress | None:
        with self._file.open() as connection:
            query = "SELECT state, beat FROM tasks WHERE id = ? AND expires > ?"
            row = connection.execute(query, (id, self._clock())).fetchone()
        return Progress(*row) if row else None

    def result(self, id: str) -> Result:
        return read_result(*self._find("result, result_body", id))

    def pause(self, seconds: float) -> None:
        with self._ended:
            self._ended.wait(min(seconds, _OTHERS_SECONDS))

    def _change(self, query: str, values: tuple[object, ...]) -> bool:
        with self._file.open(write=True) as connection:
            return connection.execute(query, values).rowcount == 1

    def _find(self, columns: str, id: str) -> tuple[str, bytes | None]:
        with self._file.open() as connection:
            row = connection.execute(f"SELECT {columns} FROM tasks WHERE id = ?", (id,)).fetchone()  # noqa: S608  ours
        if row is None or row[0] is None:
            raise ResultLost(detail="the file of tasks does not have it")
        text, body = row
        return text, body


class SqliteBlobStore:
    """Bodies in the same file, in pieces."""

    def __init__(self, file: TaskFile, lifetime_seconds: float, clock: Callable[[], float] = time.time) -> None:
        self._file = file
        self._lifetime_seconds = lifetime_seconds
        self._clock = clock

    def put(self, name: str, pieces: Iterable[bytes]) -> None:
        now = self._clock()
        # Each is its own transaction: nobody waits for a body that arrives slowly.
        for number, piece in enumerate(even_pieces(pieces, _PIECE_BYTES)):
            with self._file.open(write=True) as connection:
                if not number:
                    connection.execute("DELETE FROM pieces WHERE expires < ?", (now,))
                row = (name, number, piece, now + self._lifetime_seconds)
                connection.execute("INSERT OR REPLACE INTO pieces VALUES (?, ?, ?, ?)", row)

    def get(self, name: str) -> Iterator[bytes]:
        number = 0
        while piece := self._piece(name, number):
            yield piece
            number += 1

    def _piece(self, name: str, number: int) -> bytes:
        with self._file.open() as connection:
            query = "SELECT data FROM pieces WHERE name = ? AND number = ?"
            row = connection.execute(query, (name, number)).fetchone()
        data: bytes = row[0] if row else b""
        return data
