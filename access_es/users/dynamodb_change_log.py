"""The change log in the accounts table."""

from __future__ import annotations

import math
from collections.abc import Callable

from access_es.storage.dynamodb_items import Item
from access_es.storage.dynamodb_table import Table
from access_es.users.change_log import KEPT_SECONDS, Change
from access_es.users.dynamodb_schema import CHANGE_LOG, change_key

_TEXTS = ("actor", "via", "action", "target", "detail")


class DynamoChangeLog:
    def __init__(self, table: Table, clock: Callable[[], float]) -> None:
        self._table = table
        self._clock = clock

    def add(self, change: Change) -> None:
        pk, sk = change_key(change.id)
        texts = {name: getattr(change, name) for name in _TEXTS}
        self._table.put(
            {"pk": pk, "sk": sk, "time": change.time, "expires": math.ceil(change.time + KEPT_SECONDS), **texts}
        )

    def newest(self, limit: int, before: str = "") -> list[Change]:
        items = self._table.newest(CHANGE_LOG, limit, before)
        return [_change(item) for item in items if float(str(item.get("expires", 0))) > self._clock()]


def _change(item: Item) -> Change:
    """From an item, which people can change in the console."""
    time = item.get("time")
    texts = {name: str(item.get(name, "")) for name in _TEXTS}
    return Change(id=str(item["sk"]), time=time if isinstance(time, int | float) else 0.0, **texts)
