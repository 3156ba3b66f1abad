"""Bodies that wait: every size comes back byte for byte, whole or not at all."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator

import pytest

from access_es.tasks.failures import ResultLost, TasksUnusable
from access_es.tasks.stored_body import INLINE_BYTES, StoredBody, even_pieces, load_body, store_body
from tests.tasks.conftest import StoreFixture

MEGABYTE = 1024 * 1024


def noise(size: int) -> Iterator[bytes]:
    """The same bytes each time, in uneven pieces."""
    source = random.Random(7)
    while size > 0:
        piece = source.randbytes(min(size, source.randrange(1, 300_000)))
        size -= len(piece)
        yield piece


@pytest.mark.parametrize("compress", [True, False])
@pytest.mark.parametrize(
    "size", [0, 1, INLINE_BYTES - 400, INLINE_BYTES, INLINE_BYTES + 1, 3 * MEGABYTE, 17 * MEGABYTE]
)
def test_a_body_comes_back_as_it_was(place: StoreFixture, size: int, compress: bool) -> None:
    digest = hashlib.sha256(b"".join(noise(size))).digest()
    kept = store_body(noise(size), "a/result", place.blobs, compress=compress)
    assert kept.length_bytes == size
    assert (kept.inline is None) == (size > INLINE_BYTES or (compress and size == INLINE_BYTES))
    assert hashlib.sha256(b"".join(load_body(kept, "a/result", place.blobs))).digest() == digest


def test_what_compresses_well_stays_with_the_task(place: StoreFixture) -> None:
    kept = store_body([b"abc" * 1_000_000] * 20, "a/result", place.blobs, compress=True)
    assert kept.inline is not None and kept.length_bytes == 60_000_000
    assert sum(map(len, load_body(kept, "a/result", place.blobs))) == 60_000_000


def test_a_body_that_breaks_off_leaves_nothing_to_be_taken_for_it(place: StoreFixture) -> None:
    def broken() -> Iterator[bytes]:
        yield from noise(20 * MEGABYTE) if place.name == "table and bucket" else noise(MEGABYTE)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        store_body(broken(), "a/result", place.blobs, compress=False)


def test_a_body_that_has_gone_is_lost_and_never_shorter(place: StoreFixture) -> None:
    with pytest.raises((ResultLost, TasksUnusable)):
        list(load_body(StoredBody(5, False, None), "gone", place.blobs))
    with pytest.raises(ResultLost):
        list(load_body(StoredBody(5, False, b"1234"), "x", place.blobs))
    with pytest.raises(ResultLost):
        list(load_body(StoredBody(5, True, b"no zlib"), "x", place.blobs))


@pytest.mark.parametrize("place", ["table"], indirect=True)
def test_the_table_says_when_a_body_is_too_large_for_it(place: StoreFixture) -> None:
    with pytest.raises(TasksUnusable, match="OVERFLOW_BUCKET"):
        store_body(noise(20 * MEGABYTE), "a/result", place.blobs, compress=False)


def test_pieces_are_evened_out() -> None:
    assert list(even_pieces([b"abc", b"", b"defgh", b"i"], 4)) == [b"abcd", b"efgh", b"i"]
    assert list(even_pieces([], 4)) == []
