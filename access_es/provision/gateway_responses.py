"""What a REST API answers without asking the function: the same facts as our own errors, as JSON and as a page.

API Gateway Developer Guide, "Gateway response types" and "Set up gateway responses". The template is chosen by the
request's Accept; templates know `$context` variables and nothing else. Outside of every stage the gateway has no such
answers: what it says there belongs to no API.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REQUEST_ID = "$context.requestId"
_NO_STORE = "gatewayresponse.header.Cache-Control"
_RETRY_AFTER = "gatewayresponse.header.Retry-After"


@dataclass(frozen=True, slots=True)
class Refusal:
    """`status` is None for the fallback of all types of a class: each keeps its own."""

    type: str
    status: int | None
    code: str
    reason: str
    retry_after_seconds: int | None = None


REFUSALS = (
    Refusal(
        "REQUEST_TOO_LARGE", 413, "request_too_large",
        "The request is too large for the gateway: a body may have about 4.5 MB (6 MB as a Lambda event). Send it in "
        "smaller parts, such as smaller bulk requests.",
    ),
    Refusal(
        "MISSING_AUTHENTICATION_TOKEN", 404, "no_such_method",
        "The gateway forwards DELETE, GET, HEAD, OPTIONS, PATCH, POST and PUT, to any path below its address.",
    ),
    Refusal("RESOURCE_NOT_FOUND", 404, "no_such_path", "The gateway has nothing at this path."),
    Refusal(
        "THROTTLED", 429, "gateway_throttled",
        "The gateway gets more requests than it is set to forward. Try again in a second.", 1,
    ),
    Refusal("QUOTA_EXCEEDED", 429, "gateway_quota", "The gateway's quota for this client is used up."),
    Refusal(
        "INTEGRATION_TIMEOUT", 504, "gateway_timeout",
        "The gateway waited as long as it may and got no answer. Whether the domain did what was asked is not known: "
        "look before you send it again.",
    ),
    Refusal(
        "INTEGRATION_FAILURE", 504, "function_unreachable",
        "The gateway could not call the function. Try again; the function's log says more.",
    ),
    Refusal(
        "API_CONFIGURATION_ERROR", 500, "function_failed",
        "The function gave no answer that the gateway can forward. Its log says why, under this request's id.",
    ),
    Refusal("ACCESS_DENIED", 403, "gateway_forbidden", "The gateway's resource policy does not let this request in."),
    Refusal("WAF_FILTERED", 403, "gateway_firewall", "The firewall of the gateway does not let this request in."),
    Refusal("DEFAULT_4XX", None, "gateway_refused", "The gateway did not forward this request."),
    Refusal(
        "DEFAULT_5XX", None, "gateway_failed",
        "The gateway got no usable answer from the function. The function's log says why, under this request's id.",
    ),
)  # fmt: skip

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"><title>{title} · access-es</title>
<style>body{{font:1rem/1.5 system-ui,sans-serif;max-width:34rem;margin:12vh auto;padding:0 1.25rem}}
body{{overflow-wrap:anywhere}}dt{{float:left;width:6rem;opacity:.7}}dd{{margin:0 0 0 6rem}}a{{color:inherit}}
</style></head>
<body><main><h1>{title}</h1><p>{reason}</p>
<dl><dt>Code</dt><dd><code>{code}</code></dd><dt>Where</dt><dd><code>gateway</code></dd>
<dt>Request</dt><dd><code>{request_id}</code></dd></dl>
<p>Start page: <a href="{address}">{address}</a></p></main></body></html>
"""
_TITLES = {403: "Not allowed", 404: "Not found", 413: "Too large", 429: "Too many requests", 500: "No usable answer",
           504: "No answer in time", None: "Not forwarded"}  # fmt: skip


def gateway_response(refusal: Refusal, address: str) -> dict[str, Any]:
    """The parameters of `put_gateway_response`, but for the API. `address` is where people start."""
    parameters = {_NO_STORE: "'no-store'"}
    if refusal.retry_after_seconds is not None:
        parameters[_RETRY_AFTER] = f"'{refusal.retry_after_seconds}'"
    status = {} if refusal.status is None else {"statusCode": str(refusal.status)}
    templates = {"application/json": _as_json(refusal, address), "text/html": _as_page(refusal, address)}
    return {"responseType": refusal.type, **status, "responseParameters": parameters, "responseTemplates": templates}


def is_set(wanted: Mapping[str, Any], found: Mapping[str, Any] | None) -> bool:
    """Whether an API has this answer."""
    return all((found or {}).get(key) == value for key, value in wanted.items())


def _as_json(refusal: Refusal, address: str) -> str:
    """As `delivery.error_response` writes our own."""
    error = {
        "type": refusal.code, "reason": refusal.reason, "code": refusal.code, "layer": "gateway",
        "request_id": REQUEST_ID, "start_page": address,
    }  # fmt: skip
    return json.dumps({"error": error, **({} if refusal.status is None else {"status": refusal.status})})


def _as_page(refusal: Refusal, address: str) -> str:
    return _PAGE.format(
        title=_TITLES[refusal.status], reason=html.escape(refusal.reason), code=refusal.code, request_id=REQUEST_ID,
        address=html.escape(address),
    )  # fmt: skip
