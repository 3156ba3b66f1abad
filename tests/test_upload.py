"""Request bodies: whole, hashed, any size, no more memory than a chunk."""

from __future__ import annotations

import errno
import hashlib
import io
from typing import IO

import pytest

from access_es.errors import InsufficientStorage
from access_es.upload import CHUNK_BYTES, EMPTY_SHA256, MEMORY_BYTES, take_upload


class SlowReader(io.BytesIO):
    """Gives fewer bytes than asked, as sockets do."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 1, 7001))


@pytest.mark.parametrize(
    "size", [0, 1, 7001, MEMORY_BYTES - 1, MEMORY_BYTES, MEMORY_BYTES + 1, MEMORY_BYTES + 3 * CHUNK_BYTES]
)
@pytest.mark.parametrize("kind", [io.BytesIO, SlowReader])
def test_a_body_of_any_size_is_whole_and_can_be_sent_twice(size: int, kind: type[io.BytesIO]) -> None:
    data = bytes(range(256)) * (size // 256) + b"x" * (size % 256)
    with take_upload(kind(data)) as upload:
        assert (upload.length_bytes, upload.sha256) == (size, hashlib.sha256(data).hexdigest())
        for _ in range(2):
            content = upload.content()
            assert (content if isinstance(content, bytes) else content.read() if content else b"") == data


def test_no_body_is_the_known_hash_and_nothing_to_send() -> None:
    upload = take_upload(io.BytesIO())
    assert (upload.sha256, upload.content()) == (EMPTY_SHA256, None)


def test_a_full_disk_is_said_and_leaves_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(io.BytesIO):
        def write(self, data: object, /) -> int:
            raise OSError(errno.ENOSPC, "No space left on device")

    files: list[IO[bytes]] = []

    def open_full(**options: object) -> IO[bytes]:
        files.append(Full())
        return files[-1]

    monkeypatch.setattr("tempfile.TemporaryFile", open_full)
    with pytest.raises(InsufficientStorage):
        take_upload(io.BytesIO(b"x" * (MEMORY_BYTES + 1)))
    assert files[0].closed


def test_a_client_that_breaks_off_leaves_no_file() -> None:
    class Breaking(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            if not data:
                raise ConnectionError
            return data

    with pytest.raises(ConnectionError):
        take_upload(Breaking(b"x" * (2 * MEMORY_BYTES)))
