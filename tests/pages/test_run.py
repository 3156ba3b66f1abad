"""A WSGI app called to its end."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from access_es.pages.run import run_page


class Chunks:
    def __init__(self) -> None:
        self.is_closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield b"two"
        yield b" three"

    def close(self) -> None:
        self.is_closed = True


def test_written_and_returned_bytes_are_one_answer() -> None:
    chunks = Chunks()

    def app(environ: dict[str, Any], start_response: Any) -> Chunks:
        write = start_response("418 I'm a Teapot", [("X", "1"), ("X", "2")])
        write(b"one ")
        return chunks

    answer = run_page(app, {})
    assert (answer.status, answer.headers) == (418, (("X", "1"), ("X", "2")))
    assert b"".join(answer.body) == b"one two three" and answer.length_bytes == 13
    assert chunks.is_closed
