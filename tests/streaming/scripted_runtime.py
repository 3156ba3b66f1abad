"""A runtime client of a few lines that posts exactly what it is given, behind the emulated Runtime API and a door."""

from __future__ import annotations

import asyncio
import http.client
import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Thread

from access_es.demo.cloud.doors.listener import Front, ListenerSettings
from access_es.demo.cloud.doors.messages import Door
from access_es.demo.cloud.event_loop import EventLoop
from access_es.demo.cloud.invocation import Invocation
from access_es.demo.cloud.response_stream import ResponseStream
from access_es.demo.cloud.runtime_api import PREFIX, RuntimeApi, Work
from access_es.streaming.answer import MEDIA_TYPE
from tests.running_proxy import Reply

STREAMING = ("Lambda-Runtime-Function-Response-Mode: streaming", f"Content-Type: {MEDIA_TYPE}")


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


def prelude(text: str = '{"statusCode":200}') -> bytes:
    return text.encode() + bytes(8)


END = b"0\r\n\r\n"


@dataclass
class Script:
    """What one event is answered with: raw bytes below the head, and how the connection ends.

    `then_error` posts to `/error` while the response is open; `stays_open` keeps the connection as it is.
    """

    body: bytes
    headers: Sequence[str] = STREAMING
    then_error: bool = False
    stays_open: bool = False
    taken: list[int] = field(default_factory=list)  # the Runtime API's statuses


@dataclass(frozen=True)
class Scripted:
    """A door, and all that the function behind it said."""

    port: int
    invocations: list[Invocation]
    loop: EventLoop
    api: RuntimeApi

    def ask(self, method: str = "GET") -> Reply:
        """Raises http.client's exceptions where the answer breaks off."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        try:
            connection.request(method, "/")
            answer = connection.getresponse()
            return Reply(answer.status, tuple(answer.getheaders()), answer.read())
        finally:
            connection.close()

    def invoke(self) -> Invocation:
        """As Invoke does: without a stream."""
        return self.loop.run(self._invoke())

    async def _invoke(self) -> Invocation:
        return await give(self.api, b"{}", None)


async def give(api: RuntimeApi, payload: bytes, stream: ResponseStream | None) -> Invocation:
    await api.idle.wait()
    return await api.give(Work("id-1", payload, 2**41, "arn", invocation_id="mine", stream=stream))


@contextmanager
def scripted(door: Door, script: Script, time_scale: float = 0.01) -> Iterator[Scripted]:
    with EventLoop() as loop:
        invocations: list[Invocation] = []
        api = loop.run(_make_api())
        api_port = loop.run(api.start())

        async def invoke(payload: bytes, stream: ResponseStream | None = None) -> Invocation:
            invocations.append(await give(api, payload, stream))
            return invocations[-1]

        front = Front(door, invoke, ListenerSettings(time_scale=time_scale))
        port = loop.run(front.start("127.0.0.1", 0))
        client = Thread(target=_serve, args=(api_port, script), daemon=True)
        client.start()
        try:
            yield Scripted(port, invocations, loop, api)
        finally:
            if not script.stays_open:
                loop.run(asyncio.wait_for(api.idle.wait(), 10))  # it opens no connection while its server ends
            loop.run(front.stop())
            loop.run(api.stop())
            client.join(10)


async def _make_api() -> RuntimeApi:
    return RuntimeApi(lambda: None)


def _serve(port: int, script: Script) -> None:
    """Events until the Runtime API is gone."""
    with suppress(OSError, http.client.HTTPException):
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", port)
            connection.request("GET", f"{PREFIX}invocation/next")
            request_id = connection.getresponse().headers["Lambda-Runtime-Aws-Request-Id"]
            connection.close()
            _post(port, request_id, script)


def _post(port: int, request_id: str, script: Script) -> None:
    head = (f"POST {PREFIX}invocation/{request_id}/response HTTP/1.1", "Host: api", "Transfer-Encoding: chunked")
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendall("\r\n".join((*head, *script.headers, "", "")).encode() + script.body)
        if script.then_error:
            script.taken.append(_post_error(port, request_id))
        if not script.stays_open and not script.body.endswith(b"\r\n\r\n"):
            connection.shutdown(socket.SHUT_WR)
        script.taken.append(int((connection.recv(4096).split() or [b"", b"0"])[1]))


def _post_error(port: int, request_id: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("POST", f"{PREFIX}invocation/{request_id}/error", b"{}")
    status = connection.getresponse().status
    connection.close()
    return status
