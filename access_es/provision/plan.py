"""Makes the plan: compares the settings with the resources in AWS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from access_es.provision.bucket import DesiredBucket, FoundBucket, find_bucket, plan_bucket
from access_es.provision.calls import Call
from access_es.provision.deployment import Deployment
from access_es.provision.domain_arn import find_domain_arn
from access_es.provision.function import FoundFunction, find_function, plan_function
from access_es.provision.origins import find_origins
from access_es.provision.parameter import plan_parameter
from access_es.provision.policy import make_policy
from access_es.provision.rest_api import FoundApi, find_api, plan_api
from access_es.provision.step import Plan
from access_es.provision.tables import FoundTable, desired_tables, find_table, plan_table


@dataclass(frozen=True, slots=True)
class Found:
    """The resources that exist in AWS. None where there is none."""

    tables: Mapping[str, FoundTable | None]
    bucket: FoundBucket | None
    function: FoundFunction
    api: FoundApi | None
    domain_arn: str | None
    origins: tuple[str, ...] = ()


def find_resources(deployment: Deployment, call: Call) -> Found:
    """Only reads. Raises AwsFailure, SettingsError."""
    api = find_api(call, deployment) if deployment.has_rest_api else None
    origins = find_origins(call, deployment, api)
    bucket = desired_bucket(deployment, origins)
    names = (deployment.users_table, deployment.settings.tasks_table)
    return Found(
        tables={name: find_table(call, name) for name in names if name},
        bucket=find_bucket(call, bucket) if bucket else None,
        function=find_function(call, deployment),
        api=api,
        domain_arn=find_domain_arn(deployment, call),
        origins=origins,
    )


def make_plan(deployment: Deployment, found: Found) -> Plan:
    plan = plan_parameter(deployment)
    for desired in desired_tables(deployment.users_table, deployment.settings.tasks_table):
        plan += plan_table(desired, found.tables[desired["create_table"]["TableName"]])
    if bucket := desired_bucket(deployment, found.origins):
        plan += plan_bucket(bucket, found.bucket)
    plan += plan_function(deployment, desired_policy(deployment, found), found.function)
    return plan + plan_api(deployment, found.api)


def desired_policy(deployment: Deployment, found: Found) -> dict[str, Any]:
    return make_policy(deployment, found.domain_arn)


def desired_bucket(deployment: Deployment, origins: tuple[str, ...]) -> DesiredBucket | None:
    name = deployment.settings.overflow_bucket
    if not name:
        return None
    return DesiredBucket(name, deployment.data_region, deployment.partition, deployment.account, origins)
