"""The address at which people open a deployed stage."""

from __future__ import annotations

from pathlib import Path

from access_es.errors import AccessEsError
from access_es.provision.calls import Call
from access_es.provision.deployment import Deployment
from access_es.provision.origins import find_origins
from access_es.provision.prepare import open_deployment
from access_es.provision.rest_api import find_api, start_page


def find_start_page(file: Path, stage: str, function: str | None = None) -> str | None:
    """Where people open Kibana; None where AWS does not say it, or not to us. `function` is its name, if known."""
    try:
        deployment, call = open_deployment(file, stage, function)
        return address_of(deployment, call)
    except AccessEsError:
        return None


def address_of(deployment: Deployment, call: Call) -> str | None:
    """A domain of one's own, or the address that AWS gave, with the stage if it has one. Raises AwsFailure."""
    if deployment.has_rest_api:
        api = find_api(call, deployment)
        return start_page(deployment, api.api["id"]) if api else None
    origin = next(iter(find_origins(call, deployment, None)), None)
    if origin is None or deployment.zappa.get("domain") or not deployment.has_http_api:
        return origin and f"{origin}/"
    return f"{origin}/{deployment.stage}/"
