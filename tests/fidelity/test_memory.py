"""A gigabyte in either direction, and many slow readers at once, in the memory of an idle server and little more."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import running_gateway
from tests.fidelity.memory import PROC, family, peak_mebibytes, reset_peaks, resident_mebibytes
from tests.fidelity.raw_client import request_bytes
from tests.running_proxy import KEY, RunningProxy, running_proxy

pytestmark = [pytest.mark.heavy, pytest.mark.alone]

MEBIBYTE = 1024 * 1024
GIGABYTE = 1024 * MEBIBYTE
ALLOWED_MEBIBYTES = 60
# Of each slow download: one piece read from the domain, one on its way out, their buffers, and a thread.
READERS, READER_BYTES, ALLOWED_PER_READER_MEBIBYTES = 50, 20 * MEBIBYTE, 1.2


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    """Two workers, as on a machine of two cores, that have answered a few requests already."""
    with (
        running_gateway([Credential(*KEY, None)]) as gateway,
        running_proxy(gateway.url, tmp_path_factory.mktemp("memory"), workers=2) as running,
    ):
        for _ in range(20):
            assert running.ask("POST", "/_demo/echo", running.bearer, b"x" * 100_000).status == 200
        yield running


def growth_mebibytes(front: RunningProxy, work: Callable[[], None]) -> float:
    """How far the server's peak during the work is above what it took before."""
    idle = resident_mebibytes(front.pid)
    reset_peaks(front.pid)
    work()
    growth = peak_mebibytes(front.pid) - idle
    print(f"{idle:.0f} MB idle, {growth:.1f} MB more at the peak")
    return growth


def download(front: RunningProxy, target: str) -> int:
    """How many bytes came, to a proper end."""
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=60)
    buffer = bytearray(MEBIBYTE)
    received = 0
    try:
        connection.request("GET", target, headers=front.bearer)
        answer = connection.getresponse()
        assert answer.status == 200
        while count := answer.readinto(buffer):
            received += count
    finally:
        connection.close()
    return received


def upload(front: RunningProxy, *, is_chunked: bool, mebibytes: int = 1024) -> int:
    """How many bytes the domain says that it has received."""
    connection = http.client.HTTPConnection("127.0.0.1", front.port, timeout=120)
    pieces = (bytes(MEBIBYTE) for _ in range(mebibytes))
    headers = front.bearer if is_chunked else {**front.bearer, "Content-Length": str(mebibytes * MEBIBYTE)}
    try:
        connection.request("POST", "/_demo/echo", pieces, headers, encode_chunked=is_chunked)
        return int(json.loads(connection.getresponse().read())["length"])
    finally:
        connection.close()


@pytest.mark.parametrize("option", ["", "&chunked=1"], ids=["length", "chunked"])
def test_a_gigabyte_downloads_in_constant_memory(front: RunningProxy, option: str) -> None:
    def work() -> None:
        assert download(front, f"/_demo/giant?kind=zeros&size={GIGABYTE}{option}") == GIGABYTE

    assert growth_mebibytes(front, work) < ALLOWED_MEBIBYTES


@pytest.mark.parametrize("is_chunked", [False, True], ids=["length", "chunked"])
def test_a_gigabyte_uploads_in_constant_memory(front: RunningProxy, is_chunked: bool) -> None:
    def work() -> None:
        assert upload(front, is_chunked=is_chunked) == GIGABYTE

    assert growth_mebibytes(front, work) < ALLOWED_MEBIBYTES


def read_slowly(front: RunningProxy, received: list[int]) -> None:
    """Some 5 MB a second, through a small window, so that what the domain sends piles up wherever it can."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 64 * 1024)
        client.settimeout(60)
        client.connect(("127.0.0.1", front.port))
        client.sendall(request_bytes("GET", f"/_demo/giant?kind=zeros&size={READER_BYTES}".encode(), front.bearer))
        count = 0
        while data := client.recv(64 * 1024):
            count += len(data)
            time.sleep(0.01)
        received.append(count)


def test_slow_readers_cost_a_few_pieces_each(front: RunningProxy) -> None:
    """Fifty downloads of 20 MB at once: the domain is read no faster than the clients read."""
    received: list[int] = []

    def work() -> None:
        readers = [threading.Thread(target=read_slowly, args=(front, received)) for _ in range(READERS)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join(120)

    assert growth_mebibytes(front, work) < READERS * ALLOWED_PER_READER_MEBIBYTES
    assert [count > READER_BYTES for count in received] == [True] * READERS


def test_what_was_spooled_is_not_left_behind(front: RunningProxy) -> None:
    """The files that uploads wait in have no name, and end with their request."""
    assert upload(front, is_chunked=False, mebibytes=64) == 64 * MEBIBYTE
    deadline = time.monotonic() + 10
    while open_deleted_bytes(front.pid) >= MEBIBYTE:  # the server closes them after the last byte of its answer
        assert time.monotonic() < deadline
        time.sleep(0.02)


def open_deleted_bytes(pid: int) -> int:
    """The size of the unnamed files that the server's processes hold open."""
    return sum(deleted_bytes(handle) for member in family(pid) for handle in (PROC / str(member) / "fd").iterdir())


def deleted_bytes(handle: Path) -> int:
    """0 for any other file, and for one that is closed between being listed and being looked at."""
    try:
        return handle.stat().st_size if "(deleted)" in str(handle.readlink()) else 0
    except FileNotFoundError:
        return 0
