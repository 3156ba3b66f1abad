"""The server's promises to the application behind it and to the clients in front."""

from __future__ import annotations

import json
import signal
import socket
import struct
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_es.errors import AddressUnusable
from access_es.server.listen import require_free
from tests.eventually import eventually
from tests.server_process import Running, read_answer, read_to_end, running


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running() as server:
        yield server


# --- what the application sees

TARGETS = [
    "/a%2Fb%25?c=%2A&d=+", "//a///b//", "/a/../b/./c", "/logs-*,-x/_search?q=a:[1 TO 2]".replace(" ", "%20"), "/%3Clog-%7Bnow%2Fd%7D%3E",
    "/a?", "/?", "/a??b", "/a;b=c", "/ü/€".encode().decode("latin-1"), "/\xff\xfe?\x80", "/%zz", '/"<>\\^`{|}', "/a#b", "http://other/path?x", "*",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
def test_targets_are_kept_as_sent(server: Running, target: str) -> None:
    """Nothing is decoded, normalised or escaped on the way in."""
    line = f"OPTIONS {target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
    assert server.echo(line.encode("latin-1"))["target"] == target


def test_header_lines_are_kept_as_sent(server: Running) -> None:
    """Order, repeats, case and bytes; only the blanks around a value go."""
    seen = server.echo(
        b"GET / HTTP/1.1\r\nhOsT: a\r\nX-Two: 1\r\nAccept:*/*\r\nx-two:  \xe9, 2 \t\r\nX-Empty:\r\nconnection: close\r\n\r\n"
    )
    expected = [["hOsT", "a"], ["X-Two", "1"], ["Accept", "*/*"], ["x-two", "\xe9, 2"], ["X-Empty", ""]]
    assert seen["headers"] == [*expected, ["connection", "close"]]


def test_names_with_an_underscore_are_headers_of_their_own(server: Running) -> None:
    """`sg_tenant` is one of OpenSearch's. None of them is taken for the header with a dash."""
    seen = server.echo(
        b"GET / HTTP/1.0\r\nsg_tenant: a\r\nContent_Length: 5\r\nTransfer_Encoding: chunked\r\nHost: a\r\n\r\n"
    )
    assert seen["headers"] == [
        ["sg_tenant", "a"], ["Content_Length", "5"], ["Transfer_Encoding", "chunked"], ["Host", "a"],
    ]  # fmt: skip
    assert seen["body"] == ""


def test_the_scheme_cannot_be_forged(server: Running) -> None:
    """Forwarding headers change neither the scheme nor the address, not even from this machine."""
    seen = server.echo(b"GET / HTTP/1.0\r\nX-Forwarded-Proto: https\r\nX-Forwarded-SSL: on\r\nSCRIPT_NAME: /x\r\n\r\n")
    assert (seen["scheme"], seen["address"]) == ("http", "127.0.0.1")


# --- bodies


@pytest.mark.parametrize("framing", [b"Content-Length: 50000", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("sent", [b"", b"5\r\nhello\r\n", b"C350\r\n" + b"x" * 20000])
def test_a_body_that_breaks_off_is_never_taken_for_a_whole_one(server: Running, framing: bytes, sent: bytes) -> None:
    """The application's read fails, so half an upload is never passed on."""
    answer = server.exchange(b"POST /count HTTP/1.1\r\nHost: a\r\n" + framing + b"\r\n\r\n" + sent, half_close=True)
    assert answer == b"" or answer.startswith(b"HTTP/1.1 400 ")


def test_continue_is_sent_when_the_body_is_read(server: Running) -> None:
    with server.connect() as client:
        client.sendall(b"POST /count HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert client.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(b"hello")
        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_a_refused_upload_is_not_asked_for(server: Running) -> None:
    """No 100 Continue where the application does not read; the connection closes, as the body may still come."""
    with server.connect() as client:
        client.sendall(b"POST /refuse HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        answer = read_to_end(client)
    assert answer.startswith(b"HTTP/1.1 401 ")
    assert b"\r\nConnection: close\r\n" in answer


def test_a_refused_upload_still_gets_its_answer(server: Running) -> None:
    """A client that sends without asking is not reset before it has read why."""
    with server.connect() as client:
        client.sendall(b"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n" + b"x" * 3000000)
        assert read_to_end(client).startswith(b"HTTP/1.1 401 ")


def test_a_small_unread_body_keeps_the_connection(server: Running) -> None:
    with server.connect() as client:
        for _ in range(3):
            client.sendall(b"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
            head, _ = read_answer(client)
            assert b"Connection: close" not in head


# --- answers


def test_headers_of_the_application_pass_unchanged(server: Running) -> None:
    """No Server or Date beside the application's, no content type it did not give."""
    answer = server.exchange(b"GET /passed HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    head, *lines = answer.removesuffix(b"\r\n\r\n").split(b"\r\n")
    assert head == b"HTTP/1.1 200 Fine"
    assert lines == [
        b"Connection: close", b"server: Jetty", b"DATE: then", b"Set-Cookie: a=1", b"Set-Cookie: b=2", b"Content-Length: 0",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("request_line", "length"),
    [(b"HEAD /status?200", b"7"), (b"GET /status?204", None), (b"GET /status?304", b"7")],
)
def test_answers_without_a_body(server: Running, request_line: bytes, length: bytes | None) -> None:
    """HEAD, 204 and 304 end with their head, and the connection carries the next request."""
    with server.connect() as client:
        client.sendall(request_line + b" HTTP/1.1\r\nHost: a\r\n\r\n")
        time.sleep(0.2)
        client.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        first, second = read_to_end(client).split(b"\r\n\r\n", 1)
    assert (b"Content-Length: " + length in first) if length else (b"Content-Length" not in first)
    assert b"Transfer-Encoding" not in first
    assert second.startswith(b"HTTP/1.1 200 ")
    assert second.endswith(b"hello")


@pytest.mark.parametrize("target", [b"/break?length", b"/break?chunked", b"/early"])
@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_answer_cut_short_never_looks_whole(server: Running, target: bytes, version: bytes) -> None:
    """The connection is reset, which a client cannot take for an end, even where only the close ends the body."""
    with server.connect() as client:
        client.sendall(b"GET " + target + b" HTTP/" + version + b"\r\nHost: a\r\n\r\n")
        received = b""
        with pytest.raises(ConnectionResetError):
            while data := client.recv(65536):
                received += data
    assert not received.endswith(b"0\r\n\r\n")


def test_failures_of_the_application_are_reported_without_details(server: Running) -> None:
    answer = server.exchange(b"GET /fail HTTP/1.1\r\nHost: a\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 500 ")
    assert json.loads(answer.partition(b"\r\n\r\n")[2])["error"]["code"] == "internal_error"
    assert b"secret" not in answer


# --- connections


def test_connections_are_kept_and_pipelines_answered_in_order(server: Running) -> None:
    with server.connect() as client:
        client.sendall(b"GET /hello HTTP/1.1\r\nHost: a\r\n\r\n" * 3 + b"GET /late HTTP/1.1\r\nHost: a\r\nConn")
        assert [read_one_hello(client) for _ in range(3)] == [b"hello"] * 3
        client.sendall(b"ection: close\r\n\r\n")
        assert json.loads(read_to_end(client).partition(b"\r\n\r\n")[2])["target"] == "/late"


@pytest.mark.parametrize(
    "lines", [b"Connection: X-A, Close", b"Connection: close ,X-A", b"Connection: X-A\r\nConnection: close"]
)
def test_connection_close_counts_wherever_the_client_puts_it(server: Running, lines: bytes) -> None:
    answer = server.exchange(b"GET /hello HTTP/1.1\r\nHost: a\r\n" + lines + b"\r\n\r\n")
    assert b"\r\nConnection: close\r\n" in answer


def read_one_hello(client: socket.socket) -> bytes:
    answer = b""
    while not answer.endswith(b"\r\n\r\nhello"):
        answer += client.recv(1)
    return answer[-5:]


SLOW = {
    "idle": b"",
    "in their head": b"GET /hello HTTP/1.1\r\nHost: a\r\nX: ",
    "in a small body": b"POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx",
    "in a small chunked body": b"POST /count HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n50\r\nx",
    "in a large body nobody reads": b"POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\nx",
}


@pytest.mark.parametrize("opening", SLOW.values(), ids=SLOW.keys())
def test_slow_clients_delay_no_other_request(server: Running, opening: bytes) -> None:
    """300 of them beside 4 threads: others are answered at once."""
    slow = [server.connect() for _ in range(300)]
    try:
        for client in slow:
            client.sendall(opening)
        time.sleep(0.3)
        began = time.monotonic()
        for _ in range(10):
            assert server.exchange(b"GET /hello HTTP/1.0\r\n\r\n").endswith(b"hello")
        assert time.monotonic() - began < 2
    finally:
        for client in slow:
            client.close()


def test_a_client_that_leaves_early_disturbs_no_other(server: Running) -> None:
    """A client that resets the connection while it is answered frees its thread."""
    for _ in range(8):
        with server.connect() as client:
            client.sendall(b"GET /giant?100007936 HTTP/1.1\r\nHost: a\r\n\r\n")
            client.recv(10)
    assert server.exchange(b"GET /hello HTTP/1.0\r\n\r\n").endswith(b"hello")


def test_a_reset_within_a_small_body_is_no_fault_of_ours(server: Running) -> None:
    with server.connect() as client:
        client.sendall(b"POST /count HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nx")
        time.sleep(0.2)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    assert server.exchange(b"GET /hello HTTP/1.0\r\n\r\n").endswith(b"hello")
    time.sleep(0.2)
    assert not [line for line in server.said if "ClientGone" in line or "failed with" in line]


# --- processes


def is_served(server: Running, target: bytes) -> bool:
    """Whether the application has begun to answer it."""
    return b'"%s"' % target in server.exchange(b"GET /served HTTP/1.0\r\n\r\n")


def test_requests_in_flight_finish_after_sigterm() -> None:
    """SIGTERM: the running request is answered, new ones find nobody, the exit status is 0."""
    with running() as server, server.connect() as client, server.connect() as idle:
        client.sendall(b"GET /slow?1 HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: is_served(server, b"/slow?1"))
        server.process.send_signal(signal.SIGTERM)
        assert read_to_end(client).endswith(b"done")
        assert read_to_end(idle) == b""
        assert server.process.wait(5) == 0


def test_stopping_is_bounded() -> None:
    """A request that does not end does not keep the server."""
    with running(graceful_seconds=1) as server, server.connect() as client:
        client.sendall(b"GET /slow?30 HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: is_served(server, b"/slow?30"))
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(6) == 0


def test_an_interrupt_stops_at_once() -> None:
    with running() as server, server.connect() as client:
        client.sendall(b"GET /slow?30 HTTP/1.1\r\nHost: a\r\n\r\n")
        eventually(lambda: is_served(server, b"/slow?30"))
        server.process.send_signal(signal.SIGINT)
        assert server.process.wait(3) == 0


def test_workers_share_the_port_and_say_so_once() -> None:
    """The application is made in each worker, and the address is printed by one of them."""
    with running(workers=2) as server:
        pids: set[int] = set()
        deadline = time.monotonic() + 10
        while len(pids) < 2 and time.monotonic() < deadline:
            pids.add(server.echo(b"GET / HTTP/1.0\r\n\r\n")["pid"])
        assert len(pids) == 2
        assert server.process.pid not in pids
        assert server.said == [f"access-es is ready at http://127.0.0.1:{server.port}"]


def test_a_port_in_use_is_named() -> None:
    """At once, and before any process is started."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(
            AddressUnusable, match=f"--port {port} cannot be listened on: Address already in use; try --port \\d+\\.$"
        ):
            require_free("127.0.0.1", port)


@pytest.mark.heavy
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_a_gigabyte_passes_in_constant_memory() -> None:
    """Each way, the worker grows by less than 20 MB."""
    size = 16384 * 65536
    with running() as server:
        worker = server.echo(b"GET / HTTP/1.0\r\n\r\n")["pid"]
        before = peak_kilobytes(worker)
        with server.connect(60) as client:
            client.sendall(b"GET /giant?%d HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" % size)
            received = 0
            while count := len(client.recv(1 << 20)):
                received += count
        assert received > size
        for framing, begin, end in upload_framings(size):
            with server.connect(60) as client:
                client.sendall(b"POST /count HTTP/1.0\r\n" if b"Length" in framing else b"POST /count HTTP/1.1\r\n")
                client.sendall(b"Host: a\r\nConnection: close\r\n" + framing + b"\r\n\r\n")
                for _ in range(size // 65536):
                    client.sendall(begin + bytes(65536) + end)
                client.sendall(b"0\r\n\r\n" if begin else b"")
                assert str(size).encode() in read_to_end(client)
        assert peak_kilobytes(worker) - before < 20_000


def upload_framings(size: int) -> list[tuple[bytes, bytes, bytes]]:
    return [(b"Content-Length: %d" % size, b"", b""), (b"Transfer-Encoding: chunked", b"10000\r\n", b"\r\n")]


def peak_kilobytes(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1])


def test_many_clients_at_once(server: Running) -> None:
    """More connections than threads, each with many requests: every answer is its own."""
    wrong: list[str] = []

    def ask(number: int) -> None:
        with server.connect(30) as client:
            for count in range(50):
                client.sendall(b"GET /%d-%d HTTP/1.1\r\nHost: a\r\n\r\n" % (number, count))
                seen = json.loads(read_answer(client)[1])["target"]
                if seen != f"/{number}-{count}":
                    wrong.append(seen)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert wrong == []
