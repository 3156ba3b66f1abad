"""What moto lacks of API Gateway: an integration's transfer mode, UpdateIntegration, and what a stage has published.

API Gateway API reference, "UpdateIntegration"; Developer Guide, "Stream the integration response". Its words for wrong
pairs: hashicorp/terraform-provider-aws#45649; for timeouts: #45482.
"""

from __future__ import annotations

import http.client
import io
import json
import re
import threading
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

# The emulated doors ask here what a stage has published; AWS has no such operation.
PUBLISHED = "/access-es-emulator/published/"
_INTEGRATION = re.compile(r"/restapis/([^/]+)/resources/([^/]+)/methods/([^/]+)/integration")
_DEPLOYMENTS = re.compile(r"/restapis/([^/]+)/deployments")
_STREAMING_URI = re.compile(r".*:lambda:path/2021-11-15/functions/.+/response-streaming-invocations")
_FIELDS = {"/uri": "uri", "/responseTransferMode": "responseTransferMode", "/timeoutInMillis": "timeoutInMillis"}
_MOST_MILLISECONDS = {"STREAM": 900_000, "BUFFERED": 300_000}
Place = tuple[str, str, str]
Publication = tuple[bool, dict[str, str]]


class RestIntegrations:
    """In front of moto, whose integrations stay what they are; changes lie here."""

    def __init__(self, moto: WSGIApplication) -> None:
        self._moto = moto
        self._lock = threading.Lock()
        self._changed: dict[Place, dict[str, Any]] = {}
        self._published: dict[tuple[str, str], list[Publication]] = {}

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        found = _INTEGRATION.fullmatch(path)
        if found and method in ("GET", "PATCH"):
            with self._lock:
                return self._integration((found[1], found[2], found[3]), environ, start_response)
        if method == "POST" and (deploying := _DEPLOYMENTS.fullmatch(path)):
            return self._publish(deploying[1], environ, start_response)
        if path.startswith(PUBLISHED):
            api, _, stage = path.removeprefix(PUBLISHED).partition("/")
            return _answer(200, {"publications": self._published.get((api, stage), [])}, start_response)
        return self._moto(environ, start_response)

    def _integration(self, place: Place, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        status, known = self._ask_moto({**environ, "REQUEST_METHOD": "GET"})
        if status != 200:
            return _answer(status, known, start_response)
        known = {**known, **self._changed.get(place, {})}
        if environ["REQUEST_METHOD"] == "PATCH":
            changes = {_FIELDS[one["path"]]: one["value"] for one in _body(environ)["patchOperations"]}
            if "timeoutInMillis" in changes:
                changes["timeoutInMillis"] = int(changes["timeoutInMillis"])
            wanted = {**known, **changes}
            if refusal := refuse(wanted):
                return _answer(400, {"message": refusal}, start_response, "BadRequestException")
            self._changed[place] = {name: wanted[name] for name in _FIELDS.values() if wanted.get(name) is not None}
            known = wanted
        return _answer(200, known, start_response)

    def _publish(self, api: str, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        asked = _body(environ)
        answer = list(self._moto({**environ, "wsgi.input": io.BytesIO(json.dumps(asked).encode())}, start_response))
        modes = [each.get("responseTransferMode") for place, each in self._changed.items() if place[0] == api]
        if stage := asked.get("stageName"):
            streams = bool(modes) and all(mode == "STREAM" for mode in modes)
            self._published.setdefault((api, stage), []).append((streams, asked.get("variables") or {}))
        return answer

    def _ask_moto(self, environ: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        statuses: list[str] = []

        def start(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            statuses.append(status)
            return bytearray().extend

        environ = {**environ, "wsgi.input": io.BytesIO(), "CONTENT_LENGTH": "0"}
        body = b"".join(self._moto(environ, start))
        return int(statuses[-1][:3]), json.loads(body or b"{}")


def publications(aws_url: str, api: str, stage: str) -> list[Publication]:
    """Whether the integrations streamed that a stage published, and the variables that came with them; each time."""
    place = urlsplit(aws_url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port)
    try:
        connection.request("GET", f"{PUBLISHED}{api}/{stage}")
        found = json.loads(connection.getresponse().read())["publications"]
        return [(streams, variables) for streams, variables in found]
    finally:
        connection.close()


def is_published_streaming(aws_url: str, api: str, stage: str) -> bool:
    return any(streams for streams, _ in publications(aws_url, api, stage)[-1:])


def refuse(integration: Mapping[str, Any]) -> str | None:
    """What AWS says against an integration, None for one that may be."""
    mode = integration.get("responseTransferMode") or "BUFFERED"
    streams = _STREAMING_URI.fullmatch(integration.get("uri") or "") is not None
    if streams != (mode == "STREAM"):
        by = "InvokeWithResponseStream" if streams else "Invoke"
        words = f"Cannot use ResponseTransferMode {mode} for Lambda functions invoked by {by}"
        return f"Invalid ResponseTransferMode. {words}"
    most = _MOST_MILLISECONDS[mode]
    if not 50 <= int(integration.get("timeoutInMillis") or 29_000) <= most:
        return f"Timeout should be between 50 ms and {most} ms"
    return None


def _body(environ: dict[str, Any]) -> dict[str, Any]:
    read: dict[str, Any] = json.loads(environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)) or b"{}")
    return read


def _answer(
    status: int, body: Mapping[str, Any], start_response: StartResponse, error: str | None = None
) -> Iterable[bytes]:
    data = json.dumps(body).encode()
    headers = [("Content-Type", "application/json"), ("Content-Length", str(len(data)))]
    start_response(f"{status} OK", [*headers, *([("x-amzn-ErrorType", error)] if error else [])])
    return [data]
