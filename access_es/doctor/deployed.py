"""Checks what is deployed: the function, the API, and what provisioning would still change."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from access_es.errors import AwsFailure
from access_es.front_doors import ALB_MULTI, HTTP, REST, URL, FrontDoor, find_door, streaming_rest
from access_es.program import program
from access_es.provision.calls import Call, ask
from access_es.provision.deployment import Deployment
from access_es.provision.finding import Finding, fault, good, warning
from access_es.provision.integrations import EDGE_IDLE_SECONDS, REGIONAL_IDLE_SECONDS
from access_es.provision.plan import Found
from access_es.provision.step import Plan

_ABSENT = ("ResourceNotFoundException",)


def check_plan(deployment: Deployment, plan: Plan) -> Iterator[Finding]:
    """Resources that are missing or differ from the settings."""
    command = f"{program()} --stage {deployment.stage} provision"
    for blocker in plan.blockers:
        yield fault("resources", blocker.what, blocker.fix)
    for step in plan.steps:
        if step.optional_if:
            yield warning("resources", f"missing: {step.what}", f"{command}; AWS does not offer it everywhere")
        else:
            yield fault("resources", f"missing: {step.what}", command)
    for what in plan.later:
        yield warning("resources", f"after the deployment: {what}", f"zappa deploy {deployment.stage}")
    if plan == Plan():
        yield good("resources", "tables, bucket, policy and events match the settings")


def check_function(deployment: Deployment, found: Found, call: Call) -> Iterator[Finding]:
    configuration = found.function.configuration
    if configuration is None:
        return
    update = f"zappa update {deployment.stage}"
    for key, name, default in (("timeout_seconds", "Timeout", 30), ("memory_size", "MemorySize", 512)):
        expected = deployment.zappa.get(key, default)
        if configuration.get(name) != expected:
            what = f"the deployed function has {key} {configuration.get(name)}, the settings say {expected}"
            yield warning("function", what, update)
    policy = ask(call, _ABSENT, "lambda", "get_policy", FunctionName=deployment.function)
    for statement in json.loads(policy["Policy"])["Statement"] if policy else ():
        if _is_for_everybody(statement):
            name = statement.get("Sid", "")
            what = (
                f"the policy statement {name} of a Function URL allows everybody {statement['Action']} on the function"
            )
            fix = f"aws lambda remove-permission --function-name {deployment.function} --statement-id {name}"
            yield fault("function", what, fix)


def check_api(deployment: Deployment, found: Found) -> Iterator[Finding]:
    if found.api is None:
        return
    api = found.api.api
    update = f"zappa update {deployment.stage}"
    types = (api.get("endpointConfiguration") or {}).get("types") or []
    if "EDGE" in types:
        what = "the deployed API is edge-optimised: CloudFront refuses GET requests with a body (403)"
        yield fault("api", what, f'"endpoint_configuration": ["REGIONAL"], then {update}')
    if api.get("minimumCompressionSize") is not None:
        what = "the deployed API compresses answers and decompresses requests"
        yield warning("api", what, f'"payload_compression": false, then {update}')


def check_limits(deployment: Deployment) -> Iterator[Finding]:
    """The limits of the front door, and how larger answers and longer queries are handled."""
    if deployment.settings.streaming and deployment.has_rest_api:
        yield from _streaming_limits(deployment)
        return
    made = _door(deployment.zappa)
    door = find_door(deployment.settings.front_door) or made
    if door.name != made.name:
        what = f"FRONT_DOOR is {door.name}, but what Zappa deploys is {made.name}: its limits would be wrong"
        yield warning("limits", what, "leave FRONT_DOOR empty, unless you created another front door yourself")
    fits = f"answers of up to {door.answer_bytes:,} bytes as JSON fit through the front door '{door.name}'"
    bucket = deployment.settings.overflow_bucket
    if bucket:
        yield good("limits", f"{fits}; larger ones go through the bucket {bucket}")
    else:
        yield warning(
            "limits", f"{fits}; larger ones are refused", "OVERFLOW_BUCKET=<a new bucket name, unique in all of AWS>"
        )
    if not door.seconds:
        return
    wait = f"the front door waits {door.seconds:.0f} s"
    if deployment.settings.tasks_table:
        yield good("limits", f"{wait}; longer queries become tasks in {deployment.settings.tasks_table}")
    else:
        yield warning("limits", f"{wait}; longer queries fail", f"TASKS_TABLE=access-es-{deployment.stage}-tasks")


def _streaming_limits(deployment: Deployment) -> Iterator[Finding]:
    is_edge = "EDGE" in (deployment.zappa.get("endpoint_configuration") or ("EDGE",))  # Zappa's own default
    door = streaming_rest(EDGE_IDLE_SECONDS if is_edge else REGIONAL_IDLE_SECONDS)
    says = f"answers of up to {door.answer_bytes:,} bytes stream; the first byte may take {door.begin_seconds:.0f} s"
    yield good("limits", says)
    if is_edge:
        what = f"an edge-optimised API gives up after {EDGE_IDLE_SECONDS} s without a byte, a regional one after 300"
        yield warning("limits", what, '"endpoint_configuration": ["REGIONAL"]')
    if not deployment.settings.tasks_table:
        what = "longer queries fail"
        yield warning("limits", what, f"TASKS_TABLE=access-es-{deployment.stage}-tasks")


def _door(keys: Mapping[str, Any]) -> FrontDoor:
    if keys.get("alb_enabled"):
        return ALB_MULTI
    if not (keys.get("use_apigateway", True) and keys.get("apigateway_enabled", True)):
        return URL
    return HTTP if keys.get("apigateway_version") == "v2" else REST


def _is_for_everybody(statement: Mapping[str, Any]) -> bool:
    principal = statement.get("Principal")
    return principal in ("*", {"AWS": "*"}) and statement.get("Effect") == "Allow" and not statement.get("Condition")


def explain(failure: AwsFailure) -> Finding:
    what = f"The resources in AWS cannot be read: {failure.detail}"
    return fault("resources", what, "allow your AWS identity to read resources, such as with the policy ReadOnlyAccess")
