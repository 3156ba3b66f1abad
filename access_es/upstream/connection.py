"""One HTTP/1.1 connection to the domain, on a socket that urllib3 has opened: what the wire needs, and no more.

RFC 9110, 15.2: any number of interim (1xx) answers may come before the final one. Whoever takes a 103 for the answer
hands the real answer to the next request on the connection: another user's.
"""

from __future__ import annotations

import contextlib
import os
import re
import socket
import struct
import sys
from collections.abc import Callable
from typing import IO, Any

from access_es.upstream.deadlines import Waiting
from access_es.upstream.head import MAX_HEAD_BYTES, BadHead, Head, HeadTooLarge, parse_head, read_head

if sys.platform == "linux":
    import fcntl
    import termios

RECEIVE_BYTES = 64 * 1024
SEND_BYTES = 128 * 1024
_MAX_INTERIM = 32
# A first write of this size on an open connection is one system call and one TLS record: where it fails, the kernel
# took none of it.
ONE_WRITE_BYTES = 16 * 1024
_ESTABLISHED = b"\x01"  # the first byte of Linux's struct tcp_info: tcp_states.h, TCP_ESTABLISHED


class NothingSent(ConnectionError):
    """The connection was gone before a byte of the request left: any request may be sent again."""


class Connection:
    """Carries one request at a time. `is_fresh` until the first answer; `is_aborted` once `abort` was called."""

    __slots__ = ("_has_tls", "_received", "_used", "_wait", "_waiting", "is_aborted", "is_fresh", "sock")

    def __init__(self, sock: Any, wait: Callable[[], None] | None = None) -> None:
        """`wait` waits until the socket can be read, where an event loop does that for less than the socket itself."""
        self.sock = sock
        self._wait = wait
        self._has_tls = hasattr(sock, "pending") or hasattr(sock, "incoming")
        self.is_fresh = True
        self.is_aborted = False
        self._received: bytes | bytearray = b""
        self._used = 0  # of what was received
        self._waiting: Waiting | None = None

    def send(self, head: bytes, content: bytes | IO[bytes] | None, waiting: Waiting | None) -> None:
        """Write a request. Raises NothingSent, or the OSError that broke it off."""
        self._waiting = waiting
        if waiting:
            waiting.begin(self.sock)
        if isinstance(content, bytes) and len(head) + len(content) <= ONE_WRITE_BYTES:
            head, content = head + content, None
        self._send_first(head)
        if content is None:
            return
        with contextlib.suppress(BrokenPipeError):  # the domain wants no more of it, and may have said why
            if isinstance(content, bytes):
                self.sock.sendall(content)
                return
            while piece := content.read(SEND_BYTES):
                self.sock.sendall(piece)

    def _send_first(self, data: bytes) -> None:
        try:
            sent = self.sock.send(data)  # most often all of it, and cheaper than sendall
            if sent < len(data):
                self.sock.sendall(memoryview(data)[sent:])
        except (BrokenPipeError, ConnectionResetError) as fault:
            if not self.is_fresh and len(data) <= ONE_WRITE_BYTES:
                raise NothingSent(str(fault)) from fault
            raise

    def read_final_head(self) -> Head:
        """The head of the answer, past interim ones. Raises BadHead, or the OSError that kept it away."""
        for _ in range(_MAX_INTERIM):
            head = self._read_head()
            if head.status >= 200 or head.status == 101:
                break
        if head.status < 200:  # 101 was not asked for: what follows it would not be HTTP
            raise BadHead(f"no final answer after interim status {head.status}")
        self.is_fresh = False
        return head

    def _read_head(self) -> Head:
        data: bytes | bytearray = self._received[self._used :] if self._received else self._receive_more()
        searched = 0
        while (end := data.find(b"\r\n\r\n", searched)) < 0 and len(data) <= MAX_HEAD_BYTES:
            searched = max(0, len(data) - 3)
            more = self._receive_more()
            if not more:
                break
            data = bytearray(data) if isinstance(data, bytes) else data
            data += more
        if end > MAX_HEAD_BYTES or (end < 0 and len(data) > MAX_HEAD_BYTES):
            raise HeadTooLarge(f"the answer's header is larger than {MAX_HEAD_BYTES:,} bytes")
        self._received, self._used = data, 0
        head = parse_head(bytes(data[:end])) if end >= 0 else None
        if head is None:
            return read_head(self)
        self._use(end + 4)
        return head

    def receive(self, size: int) -> bytes:
        """What is here, or comes next: up to `size` bytes, b"" at the end of the stream."""
        if not self._received:
            return self._receive_more(size)
        data = bytes(self._received[self._used : self._used + size])
        self._use(len(data))
        return data

    def _use(self, size: int) -> None:
        """What was used stays until all of it is: to cut it off every time would cost as much as what follows it."""
        self._used += size
        if self._used >= len(self._received):
            self._received, self._used = b"", 0

    def _receive_more(self, size: int = RECEIVE_BYTES) -> bytes:
        data: bytes
        if self._waiting:
            data = self._waiting.receive(self.sock, size)
            return data
        if self._wait:
            self._wait()
        data = self.sock.recv(size)
        return data

    def readline(self, size: int, /) -> bytes:
        searched = self._used
        while (end := self._received.find(b"\n", searched, self._used + size)) < 0:
            searched = len(self._received)
            more = self._receive_more() if searched < self._used + size else b""
            if not more:
                return self.receive(size) if self._received else b""
            if isinstance(self._received, bytes):
                self._received = bytearray(self._received)
            self._received += more
        return self.receive(end + 1 - self._used)

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Whether what has arrived, and is not used yet, begins so."""
        return pattern.match(self._received, self._used)

    @property
    def has_more(self) -> bool:
        """Whether something has arrived that is not used yet."""
        return bool(self._received)

    def restore(self, read_seconds: float) -> bool:
        """Make ready for the next request; False where the domain sent more than it was asked for."""
        if self._waiting:
            self._waiting = None
            self.sock.settimeout(read_seconds)
        return not (self._received or self.is_aborted or (self._has_tls and _has_pending(self.sock)))

    def is_usable(self) -> bool:
        """Whether it is still open, and nothing came that nobody asked for."""
        return _is_established(self.sock) if sys.platform == "linux" else not _is_readable(self.sock)

    def abort(self) -> None:
        """End it from another thread: whoever waits for it sees its end. The domain sees a client that left."""
        self.is_aborted = True
        # Through a second handle: the object itself, perhaps of TLS, is in use.
        with contextlib.suppress(OSError, ValueError), socket.socket(fileno=os.dup(self.sock.fileno())) as handle:
            handle.shutdown(socket.SHUT_RDWR)

    def reset(self) -> None:
        """Close it with RST: what the kernel still has of a request would be sent to the domain before a FIN."""
        with contextlib.suppress(OSError):
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self.sock.close()


def _has_pending(sock: Any) -> bool:
    """Whether TLS has decrypted more than was read: of that the system knows nothing, so no poll shows it."""
    if hasattr(sock, "incoming"):  # urllib3's TLS within TLS, to a domain behind an outgoing proxy with TLS
        return bool(sock.sslobj.pending() or sock.incoming.pending)
    return hasattr(sock, "pending") and sock.pending() > 0


def _is_established(sock: Any) -> bool:
    """Two system calls that never wait, also where sockets belong to an event loop."""
    try:
        state = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)
        unread = fcntl.ioctl(sock.fileno(), termios.FIONREAD, b"\0\0\0\0")
    except (AttributeError, OSError):  # TLS within the TLS of an outgoing proxy is no socket of the system
        return not _is_readable(sock)
    return bool(state == _ESTABLISHED and unread == b"\0\0\0\0")


def _is_readable(sock: Any) -> bool:
    from urllib3.util.wait import wait_for_read

    return bool(wait_for_read(sock, timeout=0.0))
