"""A body in pieces: read up to a size, put together again, compressed on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from access_es.delivery.compression import Compressor, choose_coding, is_compressible, is_worthwhile
from access_es.errors import DomainTimeout
from access_es.messages import Held, ProxyRequest, ProxyResponse


def choose_for(answer: ProxyResponse, request: ProxyRequest, start: Sequence[bytes]) -> str | None:
    """The coding to compress this answer with, None where it may not be, this client takes none, or it gains little."""
    if not is_compressible(answer.headers):
        return None
    coding = accepted_coding(request)
    return coding if coding and is_worthwhile(start) else None


def accepted_coding(request: ProxyRequest) -> str | None:
    """The best coding that this client takes."""
    return choose_coding(",".join(value for name, value in request.headers if name.lower() == "accept-encoding"))


def before_deadline(body: Iterable[bytes], seconds_left: Callable[[], float]) -> Iterator[bytes]:
    for piece in body:
        if seconds_left() <= 0:
            raise DomainTimeout("The answer takes longer to arrive than the gateway waits.")
        yield piece


def read_up_to(pieces: Iterator[bytes], max_bytes: int) -> tuple[list[bytes], bool]:
    """Up to a little more than `max_bytes`, and whether that was all."""
    taken = []
    size = 0
    for piece in pieces:
        taken.append(piece)
        size += len(piece)
        if size > max_bytes:
            return taken, False
    return taken, True


def resumed(taken: list[bytes], pieces: Iterator[bytes]) -> Iterator[bytes]:
    """All pieces from the start. Each is released as it is passed on, so that memory stays flat."""
    taken.reverse()
    while taken:
        yield taken.pop()
    yield from pieces


def compressed_pieces(compressor: Compressor, pieces: Iterable[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        if out := compressor.compress(piece):
            yield out
    yield compressor.flush()


def buffered(answer: ProxyResponse, pieces: Sequence[bytes]) -> ProxyResponse:
    data = b"".join(pieces)
    return replace(answer, body=Held(data), length_bytes=len(data))
