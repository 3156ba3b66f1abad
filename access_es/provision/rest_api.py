"""The REST API that Zappa made: where it is found, and its own answers to requests that it does not forward."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from access_es.partitions import partition_of
from access_es.provision.calls import Call
from access_es.provision.deployment import Deployment
from access_es.provision.gateway_responses import REFUSALS, gateway_response, is_set
from access_es.provision.step import Plan, Step

_BUSY = ("TooManyRequestsException", "ConflictException")
# AWS lists this type among those that can be set, and says elsewhere that it cannot ("Important notes").
_MAYBE_NOT_SETTABLE = frozenset(("REQUEST_TOO_LARGE",))
_NOT_SETTABLE = ("BadRequestException",)


@dataclass(frozen=True, slots=True)
class FoundApi:
    """`responses` are its gateway responses, by their type."""

    api: Mapping[str, Any]
    responses: Mapping[str, Mapping[str, Any]]


def find_api(call: Call, deployment: Deployment) -> FoundApi | None:
    """Zappa names the API after the function."""
    for api in _pages(call, "get_rest_apis", "items"):
        if api.get("name") == deployment.function:
            responses = _pages(call, "get_gateway_responses", "items", restApiId=api["id"])
            return FoundApi(api, {response["responseType"]: response for response in responses})
    return None


def _pages(call: Call, operation: str, key: str, **parameters: str) -> Iterator[Mapping[str, Any]]:
    position: dict[str, str] = {}
    while True:
        page = call("apigateway", operation, limit=500, **parameters, **position)
        yield from page.get(key, ())
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
    if not deployment.has_rest_api:
        return Plan()
    if found is None:
        return Plan(later=("the API's own answers to requests that it does not forward, once it is deployed",))
    address = start_page(deployment, found.api["id"])
    wanted = [gateway_response(refusal, address) for refusal in REFUSALS]
    missing = [each for each in wanted if not is_set(each, found.responses.get(each["responseType"]))]
    if not missing:
        return Plan()
    api = {"restApiId": found.api["id"]}
    publish = Step(
        f"publish this to the API's stage {deployment.stage}",
        "apigateway", "create_deployment", {**api, "stageName": deployment.stage}, wait_for=_BUSY,
    )  # fmt: skip
    return Plan((*(_put(api, each) for each in missing), publish))


def _put(api: Mapping[str, str], response: Mapping[str, Any]) -> Step:
    kind = response["responseType"]
    return Step(
        f"make the API explain its refusal {kind}",
        "apigateway", "put_gateway_response", {**api, **response},
        wait_for=_BUSY, optional_if=_NOT_SETTABLE if kind in _MAYBE_NOT_SETTABLE else (),
    )  # fmt: skip
