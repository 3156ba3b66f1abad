"""The whole plan: what the settings want, against what is there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from access_es.provision.bucket import FoundBucket, WantedBucket, find_bucket, plan_bucket
from access_es.provision.calls import Call
from access_es.provision.deployment import Deployment
from access_es.provision.domain_arn import find_domain_arn
from access_es.provision.function import FoundFunction, find_function, plan_function
from access_es.provision.origins import find_origins
from access_es.provision.parameter import plan_parameter
from access_es.provision.policy import make_policy
from access_es.provision.rest_api import FoundApi, find_api, plan_api
from access_es.provision.step import Plan
from access_es.provision.tables import FoundTable, find_table, plan_table, wanted_tables


@dataclass(frozen=True, slots=True)
class Found:
    """What there is in AWS. None where there is none."""

    tables: Mapping[str, FoundTable | None]
    bucket: FoundBucket | None
    function: FoundFunction
    api: FoundApi | None
    domain_arn: str | None
    origins: tuple[str, ...] = ()


def look(deployment: Deployment, call: Call) -> Found:
    """Asks, and changes nothing. Raises AwsFailure, SettingsError."""
    api = find_api(call, deployment) if deployment.has_rest_api else None
    origins = find_origins(call, deployment, api)
    bucket = wanted_bucket(deployment, origins)
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
    for wanted in wanted_tables(deployment.users_table, deployment.settings.tasks_table):
        plan += plan_table(wanted, found.tables[wanted["create_table"]["TableName"]])
    if bucket := wanted_bucket(deployment, found.origins):
        plan += plan_bucket(bucket, found.bucket)
    plan += plan_function(deployment, wanted_policy(deployment, found), found.function)
    return plan + plan_api(deployment, found.api)


def wanted_policy(deployment: Deployment, found: Found) -> dict[str, Any]:
    return make_policy(deployment, found.domain_arn)


def wanted_bucket(deployment: Deployment, origins: tuple[str, ...]) -> WantedBucket | None:
    name = deployment.settings.overflow_bucket
    if not name:
        return None
    return WantedBucket(name, deployment.data_region, deployment.partition, deployment.account, origins)
