"""The REST API that Zappa made: its own answer to requests that are too large."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from access_es.provision.calls import Call, ask
from access_es.provision.deployment import Deployment
from access_es.provision.step import Plan, Step

_TYPE = "REQUEST_TOO_LARGE"
_SENTENCE = (
    "The request is too large for the gateway: a body may have about 4.5 MB (6 MB as a Lambda event). "
    "Send it in smaller parts, such as smaller bulk requests."
)
# As our own errors look (delivery.failure). Gateway responses know this variable: API Gateway Developer Guide,
# "API Gateway mapping template and access logging variable reference".
_TEMPLATE = json.dumps(
    {
        "error": {
            "type": "request_too_large",
            "reason": _SENTENCE,
            "code": "request_too_large",
            "layer": "gateway",
            "request_id": "$context.requestId",
        },
        "status": 413,
    }
)
RESPONSE = {"responseType": _TYPE, "statusCode": "413", "responseTemplates": {"application/json": _TEMPLATE}}
_BUSY = ("TooManyRequestsException", "ConflictException")


@dataclass(frozen=True, slots=True)
class FoundApi:
    """`too_large` is how it answers a request that is too large."""

    api: Mapping[str, Any]
    too_large: Mapping[str, Any] | None


def find_api(call: Call, deployment: Deployment) -> FoundApi | None:
    """Zappa names the API after the function."""
    position: dict[str, str] = {}
    while True:
        page = call("apigateway", "get_rest_apis", limit=500, **position)
        for api in page.get("items", ()):
            if api.get("name") == deployment.function:
                found = ask(
                    call,
                    ("NotFoundException",),
                    "apigateway",
                    "get_gateway_response",
                    restApiId=api["id"],
                    responseType=_TYPE,
                )
                return FoundApi(api, found)
        if not page.get("position"):
            return None
        position = {"position": page["position"]}


def plan_api(deployment: Deployment, found: FoundApi | None) -> Plan:
    if not deployment.has_rest_api:
        return Plan()
    if found is None:
        return Plan(later=("the API's answer to requests that are too large, once it is deployed",))
    current = found.too_large or {}
    if all(current.get(key) == RESPONSE[key] for key in ("statusCode", "responseTemplates")):
        return Plan()
    api = {"restApiId": found.api["id"]}
    return Plan(
        (
            Step(
                "make the API explain its refusal of requests that are too large",
                "apigateway", "put_gateway_response", {**api, **RESPONSE}, wait_for=_BUSY,
            ),
            Step(
                f"publish this to the API's stage {deployment.stage}",
                "apigateway", "create_deployment", {**api, "stageName": deployment.stage}, wait_for=_BUSY,
            ),
        )
    )  # fmt: skip
