"""The records of open sessions in DynamoDB."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from access_es.storage.dynamodb_items import Item, read_record
from access_es.storage.dynamodb_table import Table
from access_es.users.dynamodb_schema import SESSIONS, session_key, sessions_of
from access_es.users.sessions import SessionRecord

_STAY = ("id", "user", "device", "place", "how", "begun")  # of a record that is there already
_CHANGE = ("epoch", "last_used", "provider_session")
_PUT = ", ".join(
    [f"#{name} = if_not_exists(#{name}, :{name})" for name in _STAY]
    + [f"#{name} = :{name}" for name in (*_CHANGE, "expires")]
)


class DynamoSessions:
    """DynamoDB deletes the records of sessions that are over, some time later."""

    def __init__(self, table: Table, clock: Callable[[], float]) -> None:
        self._table = table
        self._clock = clock

    def put(self, record: SessionRecord) -> None:
        values = {name: getattr(record, name) for name in (*_STAY, *_CHANGE)}
        self._table.change(session_key(record.user, record.id), f"SET {_PUT}", **values, expires=record.until)

    def of(self, user: str) -> list[SessionRecord]:
        return self._open(self._table.query(SESSIONS, sessions_of(user)))

    def all(self) -> list[SessionRecord]:
        return self._open(self._table.query(SESSIONS))

    def remove(self, user: str, id: str) -> bool:
        return self._table.delete(session_key(user, id))

    def remove_all(self, user: str, *, but_epoch: str = "") -> None:
        for record in self.of(user):
            if record.epoch != but_epoch:
                self.remove(user, record.id)

    def _open(self, items: Iterable[Item]) -> list[SessionRecord]:
        now, found = self._clock(), [_record(item) for item in items]
        return sorted((one for one in found if one.until > now), key=lambda one: (-one.last_used, one.id))


def _record(item: Item) -> SessionRecord:
    known = {**item, "until": item.get("expires", 0)}
    return read_record(SessionRecord, known, (*_STAY, *_CHANGE, "until"))
