"""Removes what `zappa undeploy` leaves: users, tasks, large answers, the secret, the role. Only on request."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from access_es.provision.bucket import PREFIXES
from access_es.provision.calls import Call
from access_es.provision.deployment import POLICY_NAME, Deployment
from access_es.provision.plan import Found
from access_es.provision.step import Blocker, Plan, Step


def plan_removal(deployment: Deployment, found: Found, call: Call) -> Plan:
    """Only reads, also what is in the bucket. Raises AwsFailure."""
    if found.function.configuration is not None:
        what = f"The function {deployment.function} is still deployed"
        return Plan(blockers=(Blocker(what, f"first run zappa undeploy {deployment.stage}"),))
    return Plan(
        (
            *_tables(found),
            *(_bucket(deployment, call) if found.bucket and not found.bucket.refusal else ()),
            *_parameter(deployment),
            *(_role(deployment, found) if deployment.manages_role and found.function.has_role else ()),
        )
    )


def _tables(found: Found) -> Iterator[Step]:
    for name, table in found.tables.items():
        if table is None:
            continue
        if table.description.get("DeletionProtectionEnabled"):
            parameters = {"TableName": name, "DeletionProtectionEnabled": False}
            yield Step(f"turn off deletion protection of the table {name}", "dynamodb", "update_table", parameters)
        parameters = {"TableName": name}
        what = f"delete the table {name} with all its items"
        yield Step(what, "dynamodb", "delete_table", parameters, wait_for=("ResourceInUseException",))


def _bucket(deployment: Deployment, call: Call) -> Iterator[Step]:
    """Our objects, and the bucket too if nothing else is in it."""
    name = deployment.settings.overflow_bucket
    others = False
    for page in _pages(call, name):
        keys = [each["Key"] for each in page]
        ours = [{"Key": key} for key in keys if key.startswith(PREFIXES)]
        others = others or len(ours) < len(keys)
        if ours:
            parameters = {"Bucket": name, "Delete": {"Objects": ours, "Quiet": True}}
            yield Step(f"delete {len(ours)} objects of the bucket {name}", "s3", "delete_objects", parameters)
    if not others:
        yield Step(f"delete the bucket {name}", "s3", "delete_bucket", {"Bucket": name})


def _pages(call: Call, bucket: str | None) -> Iterator[list[dict[str, Any]]]:
    position: dict[str, str] = {}
    while True:
        page = call("s3", "list_objects_v2", Bucket=bucket, **position)
        yield page.get("Contents", [])
        if not page.get("IsTruncated"):
            return
        position = {"ContinuationToken": page["NextContinuationToken"]}


def _parameter(deployment: Deployment) -> Iterator[Step]:
    place = deployment.settings.config or ""
    if place.startswith("ssm:") and deployment.missing_parameter is None:
        name = place.removeprefix("ssm:")
        yield Step(f"delete the parameter {name}", "ssm", "delete_parameter", {"Name": name})


def _role(deployment: Deployment, found: Found) -> Iterator[Step]:
    role = {"RoleName": deployment.role}
    if found.function.policy is not None:
        parameters = {**role, "PolicyName": POLICY_NAME}
        yield Step(f"delete the policy of the role {deployment.role}", "iam", "delete_role_policy", parameters)
    yield Step(f"delete the role {deployment.role}", "iam", "delete_role", role)
