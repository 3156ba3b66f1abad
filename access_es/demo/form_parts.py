"""How small things get: a page that is smaller compressed, and any upload under several compressions."""

import bz2
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from access_es.demo.large_content import GZIP_WINDOW

PAGE = b"<!doctype html><title>tiny</title><p>A page that travels as deflate and does not say what it is.</p>\n"

_BOUNDARY = re.compile(rb'multipart/[^;]+;.*?boundary=(?:"([^"]+)"|([^;\s]+))', re.IGNORECASE)
_PARAMETER = re.compile(rb'[;\s](name|filename)="([^"]*)"')

COMPRESSIONS: dict[str, Callable[[bytes], bytes]] = {
    "gzip": lambda data: zlib.compress(data, level=6, wbits=GZIP_WINDOW),
    "deflate": lambda data: zlib.compress(data, level=6),
    "bzip2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=1),
}


class NotMultipartError(Exception):
    """The upload is not multipart, or ends before its boundary."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a multipart body."""

    name: str
    filename: str
    content: bytes


def tiny_page() -> bytes:
    return zlib.compress(PAGE)


def measure(content_type: bytes, body: bytes) -> list[dict[str, int | str]]:
    """The size of each part of a multipart `body`, and its sizes under COMPRESSIONS."""
    return [_measure_part(part) for part in read_parts(content_type, body)]


def read_parts(content_type: bytes, body: bytes) -> Iterator[Part]:
    """RFC 2046, 5.1: parts between `--boundary` lines, each with its own head."""
    found = _BOUNDARY.match(content_type)
    if found is None:
        raise NotMultipartError("Content-Type is not multipart with a boundary")
    delimiter = b"\r\n--" + (found[1] or found[2])
    _, *parts, closing = (b"\r\n" + body).split(delimiter)
    if not closing.startswith(b"--"):
        raise NotMultipartError("the last boundary is missing")
    for part in parts:
        head, _, content = part.partition(b"\r\n\r\n")
        named = {name: value.decode("utf-8", "replace") for name, value in _PARAMETER.findall(head)}
        yield Part(named.get(b"name", ""), named.get(b"filename", ""), content)


def _measure_part(part: Part) -> dict[str, int | str]:
    sizes = {name: len(compress(part.content)) for name, compress in COMPRESSIONS.items()}
    return {"name": part.name, "filename": part.filename, "size": len(part.content), **sizes}
