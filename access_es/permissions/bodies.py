"""Request bodies, read strictly: what two parsers could read differently is not read at all.

The engines take comments, byte order marks, UTF-16 and overlong UTF-8, three binary formats, and repeated keys on
Elasticsearch 5; they ignore a content coding they do not know. None of this is what honest clients send.
"""

from __future__ import annotations

import gzip
import json
import re
import zlib
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from access_es.messages import Headers
from access_es.permissions.turns import Turns
from access_es.permissions.unjudgeable import Unjudgeable
from access_es.permissions.verdict import Content

MOST_JSON_BYTES = 8 * 1024 * 1024  # parsed in one go, which takes most of a second
MOST_BYTES = 128 * 1024 * 1024  # of lines, which are never held together; engines take 100 MB by default
_CHUNK_BYTES = 256 * 1024
_MEDIA_TYPES = re.compile(
    # x-ldjson is what the client in Kibana 5 sends; Elasticsearch 5 then reads JSON, and later ones refuse it.
    r"application/(json|x-ndjson|x-ldjson|x-json|vnd\.(elasticsearch|opensearch)\+(json|x-ndjson))"
    r"(\s*;\s*(charset\s*=\s*\"?utf-8\"?|compatible-with\s*=\s*\d+))*",
    re.IGNORECASE,
)
_GZIP = ("gzip", "x-gzip")
Watch = Callable[[dict[str, Any]], None]
_TOO_LARGE = "its body is too large to be read"


class Body:
    """One body with the headers that say how to read it. Nothing is read before it is asked for."""

    def __init__(self, content: Content, headers: Headers) -> None:
        self._content, self._headers = content, headers

    def is_empty(self) -> bool:
        return not self._content.length_bytes

    def read(self) -> bytes:
        """All of it, uncompressed. Raises Unjudgeable where it is not in a readable form, or too large."""
        pieces, held = [], 0
        for piece in self.pieces():
            held += len(piece)
            if held > MOST_JSON_BYTES:
                raise Unjudgeable(_TOO_LARGE)
            pieces.append(piece)
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def lines(self) -> Iterator[bytes]:
        """Its lines, without what ends them: the engines split at `\\n` and at nothing else."""
        rest = b""
        for piece in self.pieces():
            first, *more = piece.split(b"\n")
            rest += first
            if more:
                yield rest
                yield from more[:-1]
                rest = more[-1]
            if len(rest) > MOST_JSON_BYTES:
                raise Unjudgeable("a line of its body is too long to be read")
        if rest:
            yield rest

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, uncompressed, in pieces of bounded size."""
        self._check_media_type()
        return self.uncompressed()

    def uncompressed(self) -> Iterator[bytes]:
        """The same whatever its media type is."""
        coding = self.coding()
        content = self._content.content()
        if content is None:
            chunks: Iterator[bytes] = iter(())
        elif isinstance(content, bytes):
            chunks = iter((content,))
        else:
            chunks = iter(lambda: content.read(_CHUNK_BYTES), b"")
        return _in_turns(_inflate(chunks, coding) if coding else chunks)

    def recode(self, data: bytes) -> bytes:
        """Other content in the coding that the headers name."""
        coding = self.coding()
        if coding in _GZIP:
            return gzip.compress(data, mtime=0)
        return zlib.compress(data) if coding else data

    def coding(self) -> str:
        """The content coding, "" for none."""
        values = self._values("content-encoding")
        if not values:
            return ""
        coding = values[0].strip().lower()
        if len(values) > 1 or coding not in (*_GZIP, "deflate"):
            raise Unjudgeable("its body has a content coding that is not known")
        return coding

    def _check_media_type(self) -> None:
        values = self._values("content-type")
        if len(values) > 1 or (values and not _MEDIA_TYPES.fullmatch(values[0].strip())):
            raise Unjudgeable("its body has a media type other than JSON or x-ndjson")

    def _values(self, name: str) -> list[str]:
        """Also under a name with `_` for `-`, which a server on the way may read as the same."""
        return [
            value for key, value in self._headers if len(key) == len(name) and key.lower().replace("_", "-") == name
        ]


def parse_object(data: bytes, line: int | None = None, watch: Watch | None = None) -> dict[str, Any]:
    """A JSON object in the one form that all parsers read alike. Raises Unjudgeable for any other.

    `watch` is given every object in it, at any depth, while it is parsed.
    """
    parsed = parse_json(data, line, watch)
    if not isinstance(parsed, dict):
        raise Unjudgeable("a JSON object was expected in its body", line)
    return parsed


def parse_json(data: bytes, line: int | None = None, watch: Watch | None = None) -> Any:
    """JSON in the one form that all parsers read alike. Raises Unjudgeable for any other."""
    decoder = _DECODER if watch is None else _decoder(watch)
    try:
        return decoder.decode(data.decode("utf-8"))
    except (ValueError, RecursionError):
        raise Unjudgeable("its body is not plain JSON in UTF-8 without repeated names", line) from None


def _decoder(watch: Watch) -> json.JSONDecoder:
    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise ValueError("a repeated name")
        watch(found)
        return found

    return json.JSONDecoder(object_pairs_hook=once, parse_constant=_no_constant)


def _no_constant(name: str) -> NoReturn:
    raise ValueError(name)


_DECODER = _decoder(lambda found: None)


def _in_turns(pieces: Iterator[bytes]) -> Iterator[bytes]:
    turns = Turns()
    for piece in pieces:
        yield piece
        turns.give()


def _inflate(chunks: Iterator[bytes], coding: str) -> Iterator[bytes]:
    """One gzip member, or zlib's own format, to its end and nothing behind it."""
    inflater = zlib.decompressobj(zlib.MAX_WBITS | 16 if coding in _GZIP else zlib.MAX_WBITS)
    held = 0
    try:
        for chunk in chunks:
            while chunk:
                piece = inflater.decompress(chunk, _CHUNK_BYTES)
                chunk = inflater.unconsumed_tail
                held += len(piece)
                if held > MOST_BYTES or inflater.unused_data or (inflater.eof and chunk):
                    raise Unjudgeable("its compressed body is too large, or has something behind its end")
                if piece:
                    yield piece
                elif inflater.eof:
                    break
        if not inflater.eof:
            raise Unjudgeable("its compressed body is not whole")
    except zlib.error:
        raise Unjudgeable("its body is not in the coding that its header names") from None
