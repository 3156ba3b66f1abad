"""A connection to an SQLite file that waits for the locks of others in Python, where other greenlets go on meanwhile.

SQLite's own `busy_timeout` sleeps within the call: in a server whose requests share a thread, all of them would wait.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BUSY_SECONDS = 10.0
_COMMIT = "COMMIT"
_execute = sqlite3.Connection.execute
_FIRST_PAUSE_SECONDS, _LONGEST_PAUSE_SECONDS = 0.001, 0.05


class Connection(sqlite3.Connection):
    """In autocommit mode. `busy_seconds` is how long a statement waits for a lock that others hold."""

    busy_seconds = BUSY_SECONDS

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Raises sqlite3.Error. A transaction waits where it begins and ends; what is between them has its lock."""
        try:
            return _execute(self, sql, parameters)
        except sqlite3.OperationalError as fault:
            if not _is_locked(fault) or (self.in_transaction and sql != _COMMIT):
                raise
        return self._execute_later(sql, parameters)

    def _execute_later(self, sql: str, parameters: Any) -> sqlite3.Cursor:
        until, pause = time.monotonic() + self.busy_seconds, _FIRST_PAUSE_SECONDS
        while True:
            time.sleep(pause)
            try:
                return _execute(self, sql, parameters)
            except sqlite3.OperationalError as fault:
                if not _is_locked(fault) or time.monotonic() >= until:
                    raise
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)


def _is_locked(fault: sqlite3.OperationalError) -> bool:
    """Also SQLITE_BUSY_RECOVERY and the like: the low byte is the primary code (sqlite.org/rescode.html)."""
    return fault.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    connection.execute("BEGIN IMMEDIATE")  # waits for other writers here, rather than failing half way
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.execute(_COMMIT)  # waits for readers where the file keeps no write-ahead log
