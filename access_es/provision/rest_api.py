"""The REST API that Zappa made: its own answer to requests that are too large, and whether its answers stream."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from access_es.front_doors import STREAM_VARIABLE
from access_es.provision.calls import Call, ask
from access_es.provision.deployment import Deployment
from access_es.provision.integrations import (
    BUSY,
    Integration,
    find_integrations,
    find_variables,
    plan_integrations,
    says_otherwise,
    wanted_idle_seconds,
)
from access_es.provision.step import Blocker, Plan, Step

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


@dataclass(frozen=True, slots=True)
class FoundApi:
    """`too_large` is how it answers a request that is too large; `variables` are those of its stage."""

    api: Mapping[str, Any]
    too_large: Mapping[str, Any] | None
    integrations: tuple[Integration, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def find_api(call: Call, deployment: Deployment) -> FoundApi | None:
    """Zappa names the API after the function."""
    position: dict[str, str] = {}
    while True:
        page = call("apigateway", "get_rest_apis", limit=500, **position)
        for api in page.get("items", ()):
            if api.get("name") == deployment.function:
                return _describe(call, deployment, api)
        if not page.get("position"):
            return None
        position = {"position": page["position"]}


def _describe(call: Call, deployment: Deployment, api: Mapping[str, Any]) -> FoundApi:
    id = api["id"]
    too_large = ask(
        call, ("NotFoundException",), "apigateway", "get_gateway_response", restApiId=id, responseType=_TYPE
    )
    return FoundApi(api, too_large, find_integrations(call, id), find_variables(call, id, deployment.stage))


def plan_api(deployment: Deployment, found: FoundApi | None) -> Plan:
    streams = deployment.settings.streaming
    if not deployment.has_rest_api:
        what = "STREAMING is true, but this stage has no REST API, and nothing else of Zappa's streams"
        fix = 'set "apigateway_version": "v1", or STREAMING to "false"'
        return Plan(blockers=(Blocker(what, fix),)) if streams else Plan()
    if found is None:
        later = "the API's answer to requests that are too large, once it is deployed"
        return Plan(later=(later, *(("its answers as streams, once it is deployed",) if streams else ())))
    id = found.api["id"]
    steps = (*_explain_refusal(id, found), *plan_integrations(deployment, id, found.integrations))
    idle = wanted_idle_seconds(streams, found.api)
    if not steps and not says_otherwise(found.variables, idle):
        return Plan()
    return Plan((*steps, _publish(deployment, found, idle)))


def _explain_refusal(id: str, found: FoundApi) -> tuple[Step, ...]:
    current = found.too_large or {}
    if all(current.get(key) == RESPONSE[key] for key in ("statusCode", "responseTemplates")):
        return ()
    what = "make the API explain its refusal of requests that are too large"
    return (Step(what, "apigateway", "put_gateway_response", {"restApiId": id, **RESPONSE}, wait_for=BUSY),)


def _publish(deployment: Deployment, found: FoundApi, idle: int) -> Step:
    """The variables go with the integrations that they speak of."""
    parameters: dict[str, Any] = {"restApiId": found.api["id"], "stageName": deployment.stage}
    if idle or STREAM_VARIABLE in found.variables:
        parameters["variables"] = {**found.variables, STREAM_VARIABLE: str(idle)}
    what = f"publish this to the API's stage {deployment.stage}"
    return Step(what, "apigateway", "create_deployment", parameters, wait_for=BUSY)
