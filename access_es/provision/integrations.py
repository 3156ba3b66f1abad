"""Whether the REST API streams: its integrations' address, mode and timeout, and the stage's variable that says so.

API Gateway takes address and mode together only, and publishes nothing before a deployment (Developer Guide, "Stream
the integration response"). The deployment sets the variable, so what is published and what the function reads agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from access_es.front_doors import REST, STREAM_SECONDS, STREAM_VARIABLE, find_door, idle_seconds
from access_es.provision.calls import Call, ask
from access_es.provision.deployment import Deployment
from access_es.provision.step import Step

REGIONAL_IDLE_SECONDS, EDGE_IDLE_SECONDS = 300, 30  # the same page
BUSY = ("TooManyRequestsException", "ConflictException")
_ABSENT = ("NotFoundException",)
_ADDRESS = re.compile(
    r"(?P<service>arn:[\w-]+:apigateway:[\w-]+:lambda:path)/[\d-]+/functions/(?P<function>arn:[^/]+)/"
    r"(?P<operation>invocations|response-streaming-invocations)"
)
_WHOLE, _STREAM = "2015-03-31/functions/{}/invocations", "2021-11-15/functions/{}/response-streaming-invocations"


@dataclass(frozen=True, slots=True)
class Integration:
    """One method's way to the function."""

    resource: str
    method: str
    uri: str
    mode: str = "BUFFERED"
    timeout_milliseconds: int = 29_000

    @property
    def streams(self) -> bool:
        return self.mode == "STREAM"


def find_integrations(call: Call, api: str) -> tuple[Integration, ...]:
    """Those that lead to a function. Zappa makes two, for `/` and for all below it."""
    found = []
    for resource in call("apigateway", "get_resources", restApiId=api, limit=500).get("items", ()):
        for method in resource.get("resourceMethods") or ():
            place = {"restApiId": api, "resourceId": resource["id"], "httpMethod": method}
            answer = ask(call, _ABSENT, "apigateway", "get_integration", **place) or {}
            if _ADDRESS.fullmatch(answer.get("uri") or ""):
                found.append(_read(resource["id"], method, answer))
    return tuple(found)


def _read(resource: str, method: str, answer: Mapping[str, Any]) -> Integration:
    mode, timeout = answer.get("responseTransferMode"), answer.get("timeoutInMillis")
    return Integration(resource, method, answer["uri"], mode or "BUFFERED", int(timeout or 29_000))


def find_variables(call: Call, api: str, stage: str) -> Mapping[str, str]:
    found = ask(call, _ABSENT, "apigateway", "get_stage", restApiId=api, stageName=stage) or {}
    variables: Mapping[str, str] = found.get("variables") or {}
    return variables


def wanted_idle_seconds(streams: bool, api: Mapping[str, Any]) -> int:
    """What the stage's variable is to say."""
    if not streams:
        return 0
    is_edge = "EDGE" in ((api.get("endpointConfiguration") or {}).get("types") or ())
    return EDGE_IDLE_SECONDS if is_edge else REGIONAL_IDLE_SECONDS


def plan_integrations(deployment: Deployment, api: str, found: Iterable[Integration]) -> tuple[Step, ...]:
    """Each integration that is not as the settings want it, in one call."""
    streams = deployment.settings.streaming
    return tuple(
        _switch(api, each, _wanted(deployment, each), streams) for each in found if each != _wanted(deployment, each)
    )


def _wanted(deployment: Deployment, found: Integration) -> Integration:
    streams = deployment.settings.streaming
    if not streams and not found.streams:
        return found  # a timeout that was raised is nobody's mistake
    address = _ADDRESS.fullmatch(found.uri)
    path = (_STREAM if streams else _WHOLE).format(address["function"] if address else "")
    uri = f"{address['service'] if address else ''}/{path}"
    named = find_door(deployment.settings.front_door) or REST
    seconds = STREAM_SECONDS if streams else named.seconds or REST.seconds or 29
    return Integration(found.resource, found.method, uri, "STREAM" if streams else "BUFFERED", round(seconds * 1000))


def _switch(api: str, found: Integration, wanted: Integration, streams: bool) -> Step:
    values = (
        ("/uri", wanted.uri), ("/responseTransferMode", wanted.mode),
        ("/timeoutInMillis", str(wanted.timeout_milliseconds)),
    )  # fmt: skip
    parameters = {
        "restApiId": api, "resourceId": found.resource, "httpMethod": found.method,
        "patchOperations": [{"op": "replace", "path": path, "value": value} for path, value in values],
    }  # fmt: skip
    what = f"have the API's method {found.method} of {found.resource} {'stream' if streams else 'buffer'} its answers"
    return Step(what, "apigateway", "update_integration", parameters, wait_for=BUSY)


def says_otherwise(variables: Mapping[str, str], wanted_seconds: int) -> bool:
    """Whether a stage must be published again for its variable alone."""
    return idle_seconds(dict(variables)) != wanted_seconds


def published_variables(call: Call, api: str, stage: str) -> dict[str, str]:
    """The stage's variables as they must be for a deployment that is made now, whatever the settings want.

    Empty where nothing ever streamed.
    """
    variables = dict(find_variables(call, api, stage))
    streams = [each.streams for each in find_integrations(call, api)]
    if not any(streams) and STREAM_VARIABLE not in variables:
        return variables
    described = call("apigateway", "get_rest_api", restApiId=api)
    return {**variables, STREAM_VARIABLE: str(wanted_idle_seconds(bool(streams) and all(streams), described))}
