"""Lambda's Invoke operation over HTTP, for boto3 (Lambda API reference, "Invoke")."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from access_es.demo.cloud.invocation import InvokeError
from access_es.demo.cloud.lambda_service import Function, LambdaService
from access_es.demo.http_messages import Answer, values
from access_es.demo.http_server import HttpServer, Received

_PATH = re.compile(r"/2015-03-31/functions/([^/?]+)/invocations(\?.*)?")
_JSON = (b"Content-Type", b"application/json")


class InvokeApi:
    def __init__(self, service: LambdaService) -> None:
        self._service = service
        self._server = HttpServer(self._answer)

    async def start(self, host: str, port: int) -> int:
        return await self._server.start(host, port)

    async def stop(self) -> None:
        await self._server.stop()

    async def _answer(self, received: Received) -> Answer:
        found = _PATH.fullmatch(received.head.target.decode("latin-1"))
        if found is None or received.head.method != "POST":
            return _fail(404, "UnknownOperationException", "no such operation")
        name = unquote(found[1])
        function = self._service.find(name)
        if function is None:
            return _fail(404, "ResourceNotFoundException", f"Function not found: {name}")
        kinds = values(received.head.headers, b"x-amz-invocation-type")
        try:
            return await _invoke(function, kinds[-1] if kinds else b"RequestResponse", received.body.read())
        except InvokeError as fault:
            return _fail(fault.status, fault.kind, str(fault))


async def _invoke(function: Function, kind: bytes, payload: bytes) -> Answer:
    if kind == b"DryRun":
        return Answer(204)
    if kind == b"Event":
        function.events.put(payload or b"{}")
        return Answer(202)
    invocation = await function.invoke(payload or b"{}")
    headers = [_JSON, (b"X-Amz-Executed-Version", b"$LATEST")]
    if invocation.error:
        headers.append((b"X-Amz-Function-Error", invocation.error.encode()))
    return Answer(200, tuple(headers), invocation.payload)


def _fail(status: int, kind: str, message: str) -> Answer:
    body = json.dumps({"Type": "User", "message": message}).encode()
    return Answer(status, (_JSON, (b"x-amzn-ErrorType", kind.encode())), body)
