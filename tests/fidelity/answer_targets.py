"""Targets of the demo domain that describe the very answer it shall give."""

from __future__ import annotations

import base64
from collections.abc import Iterable
from urllib.parse import quote


def answer_target(
    *,
    status: int = 200,
    reason: bytes | None = None,
    headers: Iterable[tuple[bytes, bytes]] = (),
    body: bytes = b"",
    is_chunked: bool = False,
    interim: Iterable[int] = (),
) -> bytes:
    options = [f"status={status}", f"body={_base64(body)}", *(f"interim={code}" for code in interim)]
    options += [f"header64={_base64(name + b': ' + value)}" for name, value in headers]
    if reason is not None:
        options.append(f"reason={quote(reason)}")
    if is_chunked:
        options.append("chunked=1")
    return f"/_demo/answer?{'&'.join(options)}".encode()


def _base64(data: bytes) -> str:
    return quote(base64.urlsafe_b64encode(data), safe="")
