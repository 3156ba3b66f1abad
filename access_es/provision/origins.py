"""The origins of our pages: custom domains, and the addresses that AWS gave to the front door."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from access_es.partitions import partition_of
from access_es.provision.calls import Call, ask
from access_es.provision.deployment import Deployment
from access_es.provision.rest_api import FoundApi

_ABSENT = ("ResourceNotFoundException", "LoadBalancerNotFound")


def find_origins(call: Call, deployment: Deployment, api: FoundApi | None) -> tuple[str, ...]:
    """None before the first deployment, unless there is a custom domain. Raises AwsFailure."""
    own = [f"https://{deployment.zappa['domain']}"] if deployment.zappa.get("domain") else []
    found = tuple(dict.fromkeys((*own, *_given(call, deployment, api))))
    # A page of another origin comes here over two others, its own and ours: browsers then call it "null"
    # (fetch.spec.whatwg.org, 3.1, "serializing a request origin").
    return (*found, "null") if found and deployment.settings.cors_origins else found


def _given(call: Call, deployment: Deployment, api: FoundApi | None) -> Iterator[str]:
    """Zappa names the API and the load balancer after the function."""
    if api is not None:
        suffix = partition_of(deployment.region).suffix
        yield f"https://{api.api['id']}.execute-api.{deployment.region}.{suffix}"
    if deployment.has_http_api:
        yield from _http_apis(call, deployment.function)
    if deployment.zappa.get("function_url_enabled"):
        found = ask(call, _ABSENT, "lambda", "get_function_url_config", FunctionName=deployment.function)
        if found:
            yield f"https://{urlsplit(found['FunctionUrl']).netloc}"
    if deployment.zappa.get("alb_enabled"):
        found = ask(call, _ABSENT, "elbv2", "describe_load_balancers", Names=[deployment.function])
        for balancer in found["LoadBalancers"] if found else ():
            yield f"https://{balancer['DNSName']}"


def _http_apis(call: Call, function: str) -> Iterator[str]:
    position: dict[str, str] = {}
    while True:
        page = call("apigatewayv2", "get_apis", **position)
        yield from (api["ApiEndpoint"] for api in page.get("Items", ()) if api.get("Name") == function)
        if not page.get("NextToken"):
            return
        position = {"NextToken": page["NextToken"]}
