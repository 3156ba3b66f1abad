"""When users, sessions, tokens and machines were last used, in DynamoDB: an attribute of their items."""

from __future__ import annotations

from collections.abc import Mapping

from access_es.storage.dynamodb_key import Key
from access_es.storage.dynamodb_table import Table
from access_es.users.dynamodb_schema import MACHINES, label_key, machine_key, session_key, token_key, user_key
from access_es.users.last_use import Use

_SET = "SET #last_used = :now"
_IS_DUE = "(attribute_not_exists(#last_used) OR #last_used <= :before)"
_EXISTS = "attribute_exists(#pk)"


class DynamoLastUse:
    """Of many processes that note the same use, one writes; what was removed meanwhile does not come back."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def note(self, use: Use, now: int, before: int) -> None:
        if use.is_sign_in:
            self._table.change(user_key(use.user), f"{_SET}, #signed_in = :now", _EXISTS, now=now)
        elif use.user:
            self._note(user_key(use.user), now, before)
        if use.session:
            self._note(session_key(*use.session), now, before)
        if use.token and self._note(token_key(use.token.id), now, before):
            label = label_key(use.token.user, use.token.label)
            self._table.change(label, _SET, "#id = :id", now=now, id=use.token.id)  # another may have the label by now
        if use.machine:
            self._table.change(machine_key(use.machine), _SET, _IS_DUE, now=now, before=before)

    def machines(self) -> Mapping[str, int]:
        times = {str(item["sk"]): item.get("last_used") for item in self._table.query(MACHINES)}
        return {name: time for name, time in times.items() if isinstance(time, int)}

    def _note(self, key: Key, now: int, before: int) -> bool:
        return self._table.change(key, _SET, f"{_EXISTS} AND {_IS_DUE}", now=now, before=before)
