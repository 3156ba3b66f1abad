"""Calls to a provider: bounded in time and size, and never redirected."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import field
from typing import Any

import requests
import urllib3

from access_es.lazy_dataclass import dataclass
from access_es.sign_in.oidc.errors import ProviderUnavailable

_TIMEOUTS = (3.0, 5.0)  # to connect, and between two pieces
_TOTAL_SECONDS = 7.0  # three calls at most, below the 29 s of the shortest front door
_MAX_BYTES = 512 * 1024


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: Any = field(repr=False)  # JSON; None where it is none


def _keep_headers(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Instead of what `requests` would do for itself: take a password from ~/.netrc."""
    return request


class ProviderHttp:
    """Safe for many threads: each call has a connection of its own. Raises ProviderUnavailable."""

    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply:
        return self._call("GET", url, headers or {}, None)

    def post(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Reply:
        """Send a form, once: a code that is sent again revokes what it was exchanged for."""
        return self._call("POST", url, headers, fields)

    def _call(self, method: str, url: str, headers: Mapping[str, str], fields: Mapping[str, str] | None) -> Reply:
        asked = {"Accept": "application/json", "User-Agent": "access-es", **headers}
        deadline = time.monotonic() + _TOTAL_SECONDS
        try:
            with (
                requests.Session() as session,
                session.request(
                    method, url, headers=asked, data=fields, timeout=_TIMEOUTS, stream=True, allow_redirects=False,
                    auth=_keep_headers,
                ) as answer,
            ):  # fmt: skip
                return Reply(answer.status_code, _json(_read(answer, deadline)))
        except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as fault:
            raise ProviderUnavailable(detail=f"{method} {url} failed: {type(fault).__name__}: {fault}"[:500]) from None


def _read(answer: requests.Response, deadline: float) -> bytes:
    read = bytearray()
    while chunk := answer.raw.read1(
        16 * 1024, decode_content=True
    ):  # what is there: `iter_content` waits for all of it
        read += chunk
        if len(read) > _MAX_BYTES:
            raise requests.RequestException(f"the answer is longer than {_MAX_BYTES} bytes")
        if time.monotonic() > deadline:
            raise requests.RequestException(f"the answer takes longer than {_TOTAL_SECONDS} s")
    return bytes(read)


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None
