"""The stores in one DynamoDB table; `dynamodb_schema` defines its items."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Mapping

from access_es.storage.change_counter import LocalChangeCounter
from access_es.storage.dynamodb_items import Item, read_record
from access_es.storage.dynamodb_table import Call, Table
from access_es.users.dynamodb_change_log import DynamoChangeLog
from access_es.users.dynamodb_last_use import DynamoLastUse
from access_es.users.dynamodb_schema import (
    USERS,
    failures_key,
    label_key,
    revocation_key,
    token_key,
    tokens_of,
    user_key,
)
from access_es.users.dynamodb_sessions import DynamoSessions
from access_es.users.stores import Failures, Stores
from access_es.users.tokens import Token
from access_es.users.user import User

_USER = ("name", "password_hash", "created", "groups", "disabled", "epoch")
_BY_PROVIDER = ("issuer", "subject", "display_name")  # only in the items of users who have one
_TIMES = ("signed_in", "last_used")  # only where they are known
_TOKEN = ("id", "user", "label", "digest", "created")
_ABSENT = "attribute_not_exists(#pk)"


def open_dynamodb_stores(table_name: str, call: Call, clock: Callable[[], float] = time.time) -> Stores:
    """All stores in the table of that name, which is asked for nothing yet."""
    table, changes = Table(table_name, call), LocalChangeCounter()
    return Stores(
        DynamoUsers(table, changes),
        DynamoTokens(table, changes),
        DynamoRevocations(table, changes),
        DynamoFailures(table, clock),
        DynamoSessions(table, clock),
        DynamoLastUse(table),
        changes,
        DynamoChangeLog(table, clock),
    )


class DynamoUsers:
    def __init__(self, table: Table, changes: LocalChangeCounter) -> None:
        self._table = table
        self._changes = changes

    def find(self, name: str) -> User | None:
        item = self._table.get(user_key(name))
        return _user(item) if item else None

    def all(self) -> list[User]:
        return [_user(item) for item in self._table.query(USERS)]

    def add(self, user: User) -> bool:
        with self._changes.change():
            return self._table.put(_user_item(user), _ABSENT)

    def replace(self, old: User, new: User) -> bool:
        unchanged = "#epoch = :epoch AND #password_hash = :password_hash AND #groups = :groups"
        if not old.groups:  # an item of an earlier version has none
            unchanged = unchanged.replace("#groups = :groups", "(attribute_not_exists(#groups) OR #groups = :groups)")
        with self._changes.change():
            return self._table.put(
                _user_item(new), unchanged, epoch=old.epoch, password_hash=old.password_hash, groups=old.groups
            )

    def remove(self, name: str) -> bool:
        with self._changes.change():
            return self._table.delete(user_key(name))


class DynamoTokens:
    """Each token is two items, written together: what a request names is its id, what people name is its label."""

    def __init__(self, table: Table, changes: LocalChangeCounter) -> None:
        self._table = table
        self._changes = changes

    def find(self, token_id: str) -> Token | None:
        item = self._table.get(token_key(token_id))
        return _token(item) if item else None

    def of(self, user: str) -> list[Token]:
        found = [_token(item) for item in self._table.query(tokens_of(user))]
        return sorted(found, key=lambda token: (token.created, token.label))

    def all(self) -> list[Token]:
        found = [_token(item) for item in self._table.scan(tokens_of(""))]
        return sorted(found, key=lambda token: (token.user, token.created, token.label))

    def add(self, token: Token) -> bool:
        by_id, by_label = (
            self._table.put_part(_token_item(token, *key), _ABSENT)
            for key in (token_key(token.id), label_key(token.user, token.label))
        )
        with self._changes.change():
            return self._table.transact_write(by_id, by_label)

    def remove(self, user: str, label: str) -> bool:
        while item := self._table.get(label_key(user, label)):
            if self._remove(_token(item)):
                return True
        return False

    def remove_all(self, user: str) -> None:
        for token in self.of(user):
            self._remove(token)

    def _remove(self, token: Token) -> bool:
        """False, and nothing done, if it is not there any more, or another one has its label by now."""
        with self._changes.change():
            return self._table.transact_write(
                self._table.delete_part(token_key(token.id)),
                self._table.delete_part(label_key(token.user, token.label), "#id = :id", id=token.id),
            )


class DynamoRevocations:
    def __init__(self, table: Table, changes: LocalChangeCounter) -> None:
        self._table = table
        self._changes = changes

    def revoke(self, session_id: str, until: float) -> None:
        pk, sk = revocation_key(session_id)
        with self._changes.change():
            self._table.put({"pk": pk, "sk": sk, "expires": math.ceil(until)})

    def is_revoked(self, session_id: str) -> bool:
        # One that is over, and yet to be deleted, is of a session whose time is over too: revoked is the safe answer.
        return self._table.get(revocation_key(session_id)) is not None


class DynamoFailures:
    """Changes here do not move the revision: guessing passwords must not cause new lookups for all others."""

    def __init__(self, table: Table, clock: Callable[[], float]) -> None:
        self._table = table
        self._clock = clock

    def read(self, keys: Iterable[str]) -> Mapping[str, Failures]:
        key_of = {failures_key(key)[0]: key for key in keys}
        items = self._table.batch_get([failures_key(key) for key in key_of.values()])
        found = {key_of[str(item["pk"])]: item for item in items}
        return {key: _failures(item) for key, item in found.items() if not _is_over(item, self._clock())}

    def record(self, keys: Iterable[str], now: float, forget_seconds: float) -> None:
        for key in keys:
            self._count(key, now, math.ceil(now + forget_seconds))

    def clear(self, keys: Iterable[str]) -> None:
        for key in keys:
            self._table.delete(failures_key(key))

    def _count(self, key: str, now: float, expires: int) -> None:
        """One more; or the first, in the place of what should be deleted by now. Again, if others do the same."""
        pk, sk = failures_key(key)
        first: Item = {"pk": pk, "sk": sk, "count": 1, "last": now, "expires": expires}
        while not (
            self._table.change(
                (pk, sk),
                "SET #last = :now, #expires = :expires ADD #count :one",
                f"{_ABSENT} OR #expires >= :now",
                now=now,
                expires=expires,
                one=1,
            )
            or self._table.put(first, "#expires < :now", now=now)
        ):
            pass


def _user(item: Item) -> User:
    known = {"groups": (), "issuer": "", "subject": "", "display_name": "", "signed_in": 0, "last_used": 0, **item}
    return read_record(User, known, (*_USER, *_BY_PROVIDER, *_TIMES))


def _user_item(user: User) -> Item:
    pk, sk = user_key(user.name)
    times = [name for name in _TIMES if getattr(user, name)]
    names = (*_USER, *(_BY_PROVIDER if user.issuer else ()), *times)
    return {"pk": pk, "sk": sk, **{name: getattr(user, name) for name in names}}


def _token_item(token: Token, pk: str, sk: str) -> Item:
    # Not as `expires`: DynamoDB would delete it.
    roles = {} if token.roles is None else {"roles": token.roles}
    return {
        "pk": pk,
        "sk": sk,
        **{name: getattr(token, name) for name in _TOKEN},
        "valid_until": token.expires,
        **roles,
    }


def _token(item: Item) -> Token:
    known = {"last_used": 0, **item, "expires": item.get("valid_until", 0), "roles": item.get("roles")}
    return read_record(Token, known, (*_TOKEN, "expires", "roles", "last_used"))


def _failures(item: Item) -> Failures:
    return read_record(Failures, item, ("count", "last"))


def _is_over(item: Item, now: float) -> bool:
    expires = item.get("expires")
    return isinstance(expires, int | float) and expires < now
