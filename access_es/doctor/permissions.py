"""Checks what the function's role may do, with IAM's own policy simulator."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from access_es.errors import AwsFailure
from access_es.program import program
from access_es.provision.calls import Call
from access_es.provision.deployment import Deployment
from access_es.provision.finding import Finding, fault, good, unknown

_EXPANDED = {
    "es:ESHttp*": [f"es:ESHttp{method}" for method in ("Delete", "Get", "Head", "Patch", "Post", "Put")],
}


def check_permissions(deployment: Deployment, policy: Mapping[str, Any], call: Call) -> Iterator[Finding]:
    """Simulates every action that the settings need."""
    role = deployment.role_arn
    try:
        denied = [one for statement in policy["Statement"] for one in _denied(role, statement, call)]
    except AwsFailure as failure:
        what = f"the permissions of the role {deployment.role} cannot be simulated ({failure.reason})"
        yield unknown("permissions", what, "allow your AWS identity iam:SimulatePrincipalPolicy")
        return
    for action, resource in denied:
        what = f"the role {deployment.role} lacks {action} on {resource}"
        yield fault("permissions", what, fix_policy(deployment))
    if not denied:
        yield good("permissions", f"the role {deployment.role} has the permissions that the settings need")


def fix_policy(deployment: Deployment) -> str:
    provision = f"{program()} --stage {deployment.stage} provision"
    if deployment.manages_role:
        return provision
    return f"attach to the role the policy that this prints: {provision} --policy"


def _denied(role: str, statement: Mapping[str, Any], call: Call) -> Iterator[tuple[str, str]]:
    if statement["Effect"] != "Allow":
        return
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
    names = [name for action in actions for name in _EXPANDED.get(action, [action])]
    asked = call(
        "iam",
        "simulate_principal_policy",
        PolicySourceArn=role,
        ActionNames=names,
        ResourceArns=resources,
        MaxItems=1000,
    )
    for result in asked["EvaluationResults"]:
        if result["EvalDecision"] != "allowed":
            yield result["EvalActionName"], result.get("EvalResourceName", "*")
