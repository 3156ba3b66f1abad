"""The REST API that Zappa made: where it is, its answers to what it does not forward, and if its answers stream."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from access_es.front_doors import STREAM_VARIABLE
from access_es.partitions import partition_of
from access_es.provision.calls import Call
from access_es.provision.deployment import Deployment
from access_es.provision.gateway_responses import REFUSALS, gateway_response, is_set
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

# AWS lists this type among those that can be set, and says elsewhere that it cannot ("Important notes").
_MAYBE_NOT_SETTABLE = frozenset(("REQUEST_TOO_LARGE",))
_NOT_SETTABLE = ("BadRequestException",)


@dataclass(frozen=True, slots=True)
class FoundApi:
    """`responses` are its gateway responses, by their type; `variables` are those of its stage."""

    api: Mapping[str, Any]
    responses: Mapping[str, Mapping[str, Any]]
    integrations: tuple[Integration, ...] = ()
    variables: Mapping[str, str] = field(default_factory=dict)


def find_api(call: Call, deployment: Deployment) -> FoundApi | None:
    """Zappa names the API after the function."""
    for api in _pages(call, "get_rest_apis"):
        if api.get("name") == deployment.function:
            return _describe(call, deployment, api)
    return None


def _describe(call: Call, deployment: Deployment, api: Mapping[str, Any]) -> FoundApi:
    id = api["id"]
    responses = {response["responseType"]: response for response in _pages(call, "get_gateway_responses", restApiId=id)}
    return FoundApi(api, responses, find_integrations(call, id), find_variables(call, id, deployment.stage))


def _pages(call: Call, operation: str, **parameters: str) -> Iterator[Mapping[str, Any]]:
    position: dict[str, str] = {}
    while True:
        page = call("apigateway", operation, limit=500, **parameters, **position)
        yield from page.get("items", ())
        if not page.get("position"):
            return
        position = {"position": page["position"]}


def start_page(deployment: Deployment, api_id: str) -> str:
    """Where people open Kibana or Dashboards: a domain of one's own, or the API's address with its stage."""
    domain = deployment.zappa.get("domain")
    if domain:
        base = str(deployment.zappa.get("base_path") or "").strip("/")
        return f"https://{domain}/{base}/" if base else f"https://{domain}/"
    suffix = partition_of(deployment.region).suffix
    return f"https://{api_id}.execute-api.{deployment.region}.{suffix}/{deployment.stage}/"


def plan_api(deployment: Deployment, found: FoundApi | None) -> Plan:
    streams = deployment.settings.streaming
    if not deployment.has_rest_api:
        what = "STREAMING is true, but this stage has no REST API, and nothing else of Zappa's streams"
        fix = 'set "apigateway_version": "v1", or STREAMING to "false"'
        return Plan(blockers=(Blocker(what, fix),)) if streams else Plan()
    if found is None:
        later = "the API's own answers to requests that it does not forward, once it is deployed"
        return Plan(later=(later, *(("its answers as streams, once it is deployed",) if streams else ())))
    id = found.api["id"]
    steps = (*_explain_refusals(deployment, found), *plan_integrations(deployment, id, found.integrations))
    idle = wanted_idle_seconds(streams, found.api)
    if not steps and not says_otherwise(found.variables, idle):
        return Plan()
    return Plan((*steps, _publish(deployment, found, idle)))


def _explain_refusals(deployment: Deployment, found: FoundApi) -> Iterator[Step]:
    address = start_page(deployment, found.api["id"])
    for wanted in (gateway_response(refusal, address) for refusal in REFUSALS):
        kind = wanted["responseType"]
        if not is_set(wanted, found.responses.get(kind)):
            yield Step(
                f"make the API explain its refusal {kind}",
                "apigateway", "put_gateway_response", {"restApiId": found.api["id"], **wanted},
                wait_for=BUSY, optional_if=_NOT_SETTABLE if kind in _MAYBE_NOT_SETTABLE else (),
            )  # fmt: skip


def _publish(deployment: Deployment, found: FoundApi, idle: int) -> Step:
    """The variables go with the integrations that they speak of."""
    parameters: dict[str, Any] = {"restApiId": found.api["id"], "stageName": deployment.stage}
    if idle or STREAM_VARIABLE in found.variables:
        parameters["variables"] = {**found.variables, STREAM_VARIABLE: str(idle)}
    what = f"publish this to the API's stage {deployment.stage}"
    return Step(what, "apigateway", "create_deployment", parameters, wait_for=BUSY)
