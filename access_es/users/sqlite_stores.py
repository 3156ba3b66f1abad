"""The stores in one local file."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from access_es.storage.sqlite_file import SqliteFile
from access_es.users.sqlite_change_log import FileChangeLog
from access_es.users.sqlite_sessions import FileLastUse, FileSessions
from access_es.users.stores import Failures, Stores
from access_es.users.tokens import Token
from access_es.users.user import User

_COLUMNS = tuple(field.name for field in fields(User))  # the table has those of the record, in its order
_ADD_USER = "INSERT OR IGNORE INTO users VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
_REPLACE_USER = (
    "UPDATE users SET (name, password_hash, created, groups, disabled, epoch, issuer, subject, display_name, signed_in,"
    " last_used) = (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, max(last_used, ?))"
    " WHERE name = ? AND epoch = ? AND password_hash = ? AND groups = ?"
)


def open_file_stores(path: Path, clock: Callable[[], float] = time.time) -> Stores:
    """All stores in the file at `path`, which is made and opened when it is first needed."""
    file = SqliteFile(path)
    return Stores(
        FileUsers(file),
        FileTokens(file),
        FileRevocations(file, clock),
        FileFailures(file),
        FileSessions(file, clock),
        FileLastUse(file),
        file,
        FileChangeLog(file, clock),
    )


class FileUsers:
    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def find(self, name: str) -> User | None:
        with self._file.read() as connection:
            row = connection.execute("SELECT * FROM users WHERE name = ?", (name,)).fetchone()
        return _user(row) if row else None

    def all(self) -> list[User]:
        with self._file.read() as connection:
            rows = connection.execute("SELECT * FROM users ORDER BY name").fetchall()
        return [_user(row) for row in rows]

    def add(self, user: User) -> bool:
        with self._file.write() as connection:
            added = connection.execute(_ADD_USER, _row(user))
        return added.rowcount == 1

    def replace(self, old: User, new: User) -> bool:
        with self._file.write() as connection:
            replaced = connection.execute(
                _REPLACE_USER,
                (*_row(new), old.name, old.epoch, old.password_hash, _json(old.groups)),
            )
        return replaced.rowcount == 1

    def remove(self, name: str) -> bool:
        with self._file.write() as connection:
            removed = connection.execute("DELETE FROM users WHERE name = ?", (name,))
        return removed.rowcount == 1


class FileTokens:
    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def find(self, token_id: str) -> Token | None:
        with self._file.read() as connection:
            row = connection.execute("SELECT * FROM tokens WHERE id = ?", (token_id,)).fetchone()
        return _token(row) if row else None

    def of(self, user: str) -> list[Token]:
        with self._file.read() as connection:
            query = "SELECT * FROM tokens WHERE user = ? ORDER BY created, label"
            rows = connection.execute(query, (user,)).fetchall()
        return [_token(row) for row in rows]

    def all(self) -> list[Token]:
        with self._file.read() as connection:
            rows = connection.execute("SELECT * FROM tokens ORDER BY user, created, label").fetchall()
        return [_token(row) for row in rows]

    def add(self, token: Token) -> bool:
        roles = None if token.roles is None else _json(token.roles)
        row = (token.id, token.user, token.label, token.digest, token.created, token.expires, roles, token.last_used)
        with self._file.write() as connection:
            added = connection.execute("INSERT OR IGNORE INTO tokens VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        return added.rowcount == 1

    def remove(self, user: str, label: str) -> bool:
        with self._file.write() as connection:
            removed = connection.execute("DELETE FROM tokens WHERE user = ? AND label = ?", (user, label))
        return removed.rowcount == 1

    def remove_all(self, user: str) -> None:
        with self._file.write() as connection:
            connection.execute("DELETE FROM tokens WHERE user = ?", (user,))


class FileRevocations:
    def __init__(self, file: SqliteFile, clock: Callable[[], float]) -> None:
        self._file = file
        self._clock = clock

    def revoke(self, session_id: str, until: float) -> None:
        with self._file.write() as connection:
            connection.execute("DELETE FROM revocations WHERE until < ?", (self._clock(),))
            connection.execute("INSERT OR REPLACE INTO revocations VALUES (?, ?)", (session_id, until))

    def is_revoked(self, session_id: str) -> bool:
        with self._file.read() as connection:
            query = "SELECT 1 FROM revocations WHERE session_id = ?"
            return connection.execute(query, (session_id,)).fetchone() is not None


class FileFailures:
    """Changes here do not move the revision: guessing passwords must not cause new lookups for all others."""

    def __init__(self, file: SqliteFile) -> None:
        self._file = file

    def read(self, keys: Iterable[str]) -> Mapping[str, Failures]:
        query = "SELECT count, last FROM failures WHERE key = ?"
        with self._file.read() as connection:
            rows = {key: connection.execute(query, (key,)).fetchone() for key in keys}
        return {key: Failures(*row) for key, row in rows.items() if row}

    def record(self, keys: Iterable[str], now: float, forget_seconds: float) -> None:
        with self._file.write(is_change=False) as connection:
            connection.execute("DELETE FROM failures WHERE until < ?", (now,))
            connection.executemany(
                "INSERT INTO failures VALUES (:key, 1, :now, :until)"
                " ON CONFLICT (key) DO UPDATE SET count = count + 1, last = :now, until = :until",
                [{"key": key, "now": now, "until": now + forget_seconds} for key in keys],
            )

    def clear(self, keys: Iterable[str]) -> None:
        with self._file.write(is_change=False) as connection:
            connection.executemany("DELETE FROM failures WHERE key = ?", [(key,) for key in keys])


def _user(row: tuple[Any, ...]) -> User:
    fields = dict(zip(_COLUMNS, row, strict=True))
    return User(**{**fields, "groups": tuple(json.loads(fields["groups"])), "disabled": bool(fields["disabled"])})


def _row(user: User) -> tuple[Any, ...]:
    fields = {name: getattr(user, name) for name in _COLUMNS}
    return tuple({**fields, "groups": _json(user.groups), "disabled": int(user.disabled)}.values())


def _token(row: tuple[str, str, str, bytes, int, int, str | None, int]) -> Token:
    id, user, label, digest, created, expires, roles, last_used = row
    only = None if roles is None else tuple(json.loads(roles))
    return Token(id, user, label, digest, created, expires, only, last_used)


def _json(names: tuple[str, ...]) -> str:
    return json.dumps(names, ensure_ascii=False)
