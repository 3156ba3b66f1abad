"""The least that a Python process with an event loop can do for a request: hand bytes on, without reading them.

    python -m bench.relay PORT UPSTREAM

Each connection has one of its own to the upstream. What this takes is what sockets, gevent and the interpreter's calls
into them cost; every line that a proxy adds comes on top.
"""

from __future__ import annotations

import sys
from typing import Any

import gevent.server
import gevent.socket

_BYTES = 64 * 1024


def _relay(upstream: int, client: Any, _: object) -> None:
    domain = gevent.socket.create_connection(("127.0.0.1", upstream))
    for sock in (client, domain):
        sock.setsockopt(gevent.socket.IPPROTO_TCP, gevent.socket.TCP_NODELAY, 1)
    while request := client.recv(_BYTES):
        domain.sendall(request)
        client.sendall(domain.recv(_BYTES))  # answers here come in one piece
    domain.close()
    client.close()


if __name__ == "__main__":
    port, behind = map(int, sys.argv[1:])
    gevent.server.StreamServer(("127.0.0.1", port), lambda *given: _relay(behind, *given)).serve_forever()
