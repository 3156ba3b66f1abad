"""The deployed function: what Lambda does with events that fail, and what its role may do."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from access_es.provision.calls import Call, ask
from access_es.provision.deployment import POLICY_NAME, Deployment
from access_es.provision.step import Blocker, Plan, Step

# Lambda would run a failed task twice more, and keep an event without free capacity for six hours, when nobody waits
# for it any longer (Lambda Developer Guide, "Configuring error handling settings for Lambda asynchronous invocations").
# The age is the least that Lambda takes, and as long as those who wait for a task wait for its start.
EVENTS = {"MaximumRetryAttempts": 0, "MaximumEventAgeInSeconds": 60}
_ABSENT = ("ResourceNotFoundException", "NoSuchEntity")


@dataclass(frozen=True, slots=True)
class FoundFunction:
    """None where there is none."""

    configuration: Mapping[str, Any] | None = None
    events: Mapping[str, Any] | None = None
    has_role: bool = False
    policy: Mapping[str, Any] | None = None


def find_function(call: Call, deployment: Deployment) -> FoundFunction:
    name = deployment.function
    configuration = ask(call, _ABSENT, "lambda", "get_function_configuration", FunctionName=name)
    events = configuration and ask(call, _ABSENT, "lambda", "get_function_event_invoke_config", FunctionName=name)
    role = deployment.role
    has_role = ask(call, _ABSENT, "iam", "get_role", RoleName=role) is not None
    policy = ask(call, _ABSENT, "iam", "get_role_policy", RoleName=role, PolicyName=POLICY_NAME) if has_role else None
    return FoundFunction(configuration, events, has_role, policy and policy["PolicyDocument"])


def plan_function(deployment: Deployment, policy: Mapping[str, Any], found: FoundFunction) -> Plan:
    return _plan_events(deployment, found) + _plan_policy(deployment, policy, found)


def _plan_events(deployment: Deployment, found: FoundFunction) -> Plan:
    name = deployment.function
    if found.configuration is None:
        return Plan(later=(f"no retries of failed events of the function {name}, once it is deployed",))
    if found.events is not None and EVENTS.items() <= found.events.items():
        return Plan()
    # To update what is there leaves its destinations alone.
    operation = "put_function_event_invoke_config" if found.events is None else "update_function_event_invoke_config"
    what = f"turn off retries of failed events of the function {name}"
    parameters = {"FunctionName": name, **EVENTS}
    return Plan((Step(what, "lambda", operation, parameters, wait_for=("ResourceConflictException",)),))


def _plan_policy(deployment: Deployment, policy: Mapping[str, Any], found: FoundFunction) -> Plan:
    role = deployment.role
    if not deployment.manages_role and not found.has_role:
        what = f"There is no role {role}, and manage_roles or role_arn say that Zappa must not create it"
        return Plan(blockers=(Blocker(what, 'create it, or set "manage_roles": true and no "role_arn"'),))
    if not deployment.manages_role:
        return Plan()
    if not found.has_role:
        return Plan(later=(f"the role {role} and its policy, which the first deployment creates",))
    if found.policy == policy:
        return Plan()
    parameters = {"RoleName": role, "PolicyName": POLICY_NAME, "PolicyDocument": json.dumps(policy)}
    what = f"give the role {role} the permissions that the settings need, and no others"
    return Plan((Step(what, "iam", "put_role_policy", parameters),))
