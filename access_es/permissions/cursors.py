"""Cursors belong to who was given them: scrolls, points in time, and tasks that were not waited for.

The engines' own ids carry no permission: a scroll's can be made from one's own by lowering a counter, on every version.
So a limited caller gets the id in a sealed form, signed for that caller, with what the cursor reads; only that form is
taken back, and the engine's own id is what is sent on. Whoever may read everything uses the engine's ids as they are.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import Any, cast

from access_es.lazy_dataclass import dataclass
from access_es.messages import Body
from access_es.permissions.verdict import CursorKind, Need, NeedAction

LIFETIME_SECONDS = 24 * 3600  # the longest an engine keeps a cursor unused, by default
MOST_HEAD_BYTES = 256 * 1024  # ids of a search over thousands of shards are long
_MOST_CHARACTERS = 512 * 1024
_FIELDS: dict[CursorKind, bytes] = {"scroll": b"_scroll_id", "pit": b"pit_id", "task": b"task"}


@dataclass(frozen=True, slots=True)
class Cursor:
    """A cursor of one user: the engine's own id, and what it was opened for."""

    kind: CursorKind
    id: str
    needs: tuple[Need, ...]


class Cursors:
    """Seals and opens the cursors of one user at one moment; `secrets` are the session secrets, newest first."""

    def __init__(self, secrets: Sequence[str], user: str, now: float) -> None:
        self._secrets, self._user, self._now = secrets, user, now

    def seal(self, cursor: Cursor) -> str:
        """The form a client gets: letters, digits, `-`, `_` and `.` only."""
        needs = [[need.action, need.name] for need in cursor.needs]
        sealed = self._serializer().dumps([cursor.kind, self._user, int(self._now), cursor.id, needs])
        return sealed if isinstance(sealed, str) else sealed.decode("ascii")

    def open(self, kind: CursorKind, text: str) -> Cursor | None:
        """The cursor in a sealed form; None if it is not one, is another user's, or is too old."""
        from itsdangerous import BadData

        if len(text) > _MOST_CHARACTERS:
            return None
        try:
            fields: Any = self._serializer().loads(text)
        except BadData:
            return None
        match fields:
            case [str(sealed_kind), str(user), int(begun), str(id), list(needs)]:
                is_good = sealed_kind == kind and user == self._user and self._now < begun + LIFETIME_SECONDS
                return Cursor(kind, id, _needs(needs)) if is_good else None
        return None

    def _serializer(self) -> Any:
        from itsdangerous import URLSafeSerializer

        return URLSafeSerializer(
            list(reversed(self._secrets)),  # itsdangerous takes them oldest first
            salt="access-es cursor",
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )


def seal_answer(body: Body, kind: CursorKind, needs: tuple[Need, ...], cursors: Cursors) -> SealedAnswer:
    """The answer's body with its cursor's id sealed. Its length changes, so the caller drops Content-Length.

    Only the head of the answer is held back. An id that is not found there passes as it is, which opens nothing: a
    limited caller's request with an unsealed id is refused.
    """
    return SealedAnswer(body, kind, needs, cursors)


class SealedAnswer:
    """A body that is passed on while it arrives, with the first id in it replaced."""

    def __init__(self, body: Body, kind: CursorKind, needs: tuple[Need, ...], cursors: Cursors) -> None:
        self._body, self._kind, self._needs, self._cursors = body, kind, needs, cursors
        self._id = re.compile(rb'"%b"\s*:\s*"([\x21\x23-\x5b\x5d-\x7e]+)"' % _FIELDS[kind])

    def __iter__(self) -> Iterator[bytes]:
        head = b""
        look_at = 1  # bytes; doubled each time, so that an answer in tiny pieces is not searched over and over
        chunks = iter(self._body)
        for chunk in chunks:
            head += chunk
            if len(head) >= look_at:
                look_at = 2 * len(head)
                if len(head) >= MOST_HEAD_BYTES or self._id.search(head):
                    break
        if head:
            yield self._replaced(head)
        yield from chunks

    def close(self) -> None:
        self._body.close()

    def _replaced(self, head: bytes) -> bytes:
        found = self._id.search(head)
        if found is None:
            return head
        sealed = self._cursors.seal(Cursor(self._kind, found[1].decode("ascii"), self._needs))
        return head[: found.start(1)] + sealed.encode("ascii") + head[found.end(1) :]


def _needs(fields: list[Any]) -> tuple[Need, ...]:
    return tuple(Need(cast(NeedAction, str(action)), str(name)) for action, name in fields)
