"""The records of open sessions in the local file, and when everything in it was last used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import astuple

from access_es.storage.sqlite_file import SqliteFile
from access_es.users.last_use import Use
from access_es.users.sessions import SessionRecord

_PUT = (
    "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch,"
    " until = excluded.until, last_used = excluded.last_used, provider_session = excluded.provider_session"
)
_OPEN = "SELECT * FROM sessions WHERE until > ?"
_IN_ORDER = " ORDER BY last_used DESC, id"
_IS_DUE = """
SELECT :signs_in
    OR EXISTS (SELECT 1 FROM users WHERE name = :user AND last_used <= :before)
    OR EXISTS (SELECT 1 FROM sessions WHERE id = :session AND last_used <= :before)
    OR EXISTS (SELECT 1 FROM tokens WHERE id = :token AND last_used <= :before)
    OR (:machine != '' AND NOT EXISTS (SELECT 1 FROM machines WHERE name = :machine AND last_used > :before))
"""
_NOTE = (
    "UPDATE users SET last_used = :now WHERE name = :user AND (:signs_in OR last_used <= :before)",
    "UPDATE users SET signed_in = :now WHERE name = :user AND :signs_in",
    "UPDATE sessions SET last_used = :now WHERE id = :session AND last_used <= :before",
    "UPDATE tokens SET last_used = :now WHERE id = :token AND last_used <= :before",
    "INSERT INTO machines SELECT :machine, :now WHERE :machine != ''"
    " ON CONFLICT (name) DO UPDATE SET last_used = :now WHERE last_used <= :before",
)


class FileSessions:
    def __init__(self, file: SqliteFile, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock

    def put(self, record: SessionRecord) -> None:
        with self._file.write(is_change=False) as connection:
            connection.execute("DELETE FROM sessions WHERE until <= ?", (self._clock(),))
            connection.execute(_PUT, astuple(record))  # the table has the record's columns, in its order

    def of(self, user: str) -> list[SessionRecord]:
        return self._found(f"{_OPEN} AND user = ?", user)

    def all(self) -> list[SessionRecord]:
        return self._found(_OPEN)

    def remove(self, user: str, id: str) -> bool:
        with self._file.write(is_change=False) as connection:
            removed = connection.execute("DELETE FROM sessions WHERE user = ? AND id = ?", (user, id))
        return removed.rowcount == 1

    def remove_all(self, user: str, *, but_epoch: str = "") -> None:
        with self._file.write(is_change=False) as connection:
            connection.execute("DELETE FROM sessions WHERE user = ? AND epoch != ?", (user, but_epoch))

    def _found(self, query: str, *values: str) -> list[SessionRecord]:
        with self._file.read() as connection:
            rows = connection.execute(query + _IN_ORDER, (self._clock(), *values)).fetchall()
        return [SessionRecord(*row) for row in rows]


class FileLastUse:
    """A column of users, tokens and sessions, and the table of machines."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def note(self, use: Use, now: int, before: int) -> None:
        """In one transaction; in none where another process was first, since those who write wait for one another."""
        session, token = use.session[1] if use.session else "", use.token.id if use.token else ""
        names = {"user": use.user, "session": session, "token": token, "machine": use.machine}
        values = {**names, "signs_in": use.is_sign_in, "now": now, "before": before}
        with self._file.read() as connection:
            is_due = connection.execute(_IS_DUE, values).fetchone()[0]
        if is_due:
            with self._file.write_lightly() as connection:
                for statement in _NOTE:
                    connection.execute(statement, values)

    def machines(self) -> Mapping[str, int]:
        with self._file.read() as connection:
            return dict(connection.execute("SELECT name, last_used FROM machines ORDER BY name"))
