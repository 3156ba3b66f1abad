"""The change log in the local file."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple

from access_es.storage.sqlite_file import SqliteFile
from access_es.users.change_log import KEPT_SECONDS, MAX_CHANGES, Change

_ADD = "INSERT OR IGNORE INTO change_log VALUES (?, ?, ?, ?, ?, ?, ?)"
_FORGET = "DELETE FROM change_log WHERE id <= (SELECT id FROM change_log ORDER BY id DESC LIMIT 1 OFFSET ?)"
_NEWEST = "SELECT * FROM change_log WHERE time >= ? AND (? = '' OR id < ?) ORDER BY id DESC LIMIT ?"


class FileChangeLog:
    """Changes here do not move the revision: nobody's rights depend on what is written in the log."""

    def __init__(self, file: SqliteFile, clock: Callable[[], float], most: int = MAX_CHANGES) -> None:
        self._file = file
        self._clock = clock
        self._most = most

    def add(self, change: Change) -> None:
        with self._file.write(is_change=False) as connection:
            connection.execute("DELETE FROM change_log WHERE id < ?", (self._oldest_id(),))
            connection.execute(_ADD, astuple(change))
            if change.id.endswith("00"):  # at one of 256: it walks over all that are kept
                connection.execute(_FORGET, (self._most,))

    def newest(self, limit: int, before: str = "") -> list[Change]:
        with self._file.read() as connection:
            rows = connection.execute(_NEWEST, (self._oldest(), before, before, limit)).fetchall()
        return [Change(*row) for row in rows]

    def _oldest(self) -> float:
        return self._clock() - KEPT_SECONDS

    def _oldest_id(self) -> str:
        """Ids are in the order of time, and the table is in theirs: no other index is needed."""
        return f"{int(self._oldest() * 1000):014d}"
