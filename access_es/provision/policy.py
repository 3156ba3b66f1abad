"""The policy of the function's role: the actions that it calls, on its own resources, and nothing else.

Actions and the resources they can be limited to: AWS Service Authorization Reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from access_es.assumed_roles import ACTIONS as ASSUME_ACTIONS
from access_es.provision.bucket import PREFIXES
from access_es.provision.deployment import Deployment
from access_es.tasks.dynamodb_schema import ACTIONS as TASK_ACTIONS
from access_es.users.dynamodb_schema import ACTIONS as ACCOUNT_ACTIONS

Statement = dict[str, Any]

_OBJECT_ACTIONS = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
# What Lambda itself does with the function's role, to put it into a VPC; none can be limited to a resource before that
# exists (Lambda Developer Guide, "Giving Lambda functions access to resources in an Amazon VPC").
_NETWORK_ACTIONS = [
    "ec2:AssignPrivateIpAddresses",
    "ec2:CreateNetworkInterface",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSubnets",
    "ec2:UnassignPrivateIpAddresses",
]
_ALIASED, _NO_ALIAS = ("apigateway_lambda_qualifier", "snap_start", "provisioned_concurrency"), (None, "", "None")
_TRACE_ACTIONS = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]  # they know no resources


def make_policy(deployment: Deployment, domain_arn: str | None) -> dict[str, Any]:
    """The policy document. `domain_arn` is None where the function's own role does not sign."""
    statements = [
        _logs(deployment),
        *_domain(deployment, domain_arn),
        *_signing_roles(deployment),
        *_tables(deployment),
        *_bucket(deployment),
        *_config(deployment),
        *_self_invocation(deployment),
        *_network(deployment),
        *(deployment.zappa.get("extra_permissions") or ()),
    ]
    return {"Version": "2012-10-17", "Statement": statements}


def allow(name: str, actions: list[str], *resources: str) -> Statement:
    return {"Sid": name, "Effect": "Allow", "Action": actions, "Resource": list(resources)}


def _logs(deployment: Deployment) -> Statement:
    group = deployment.arn("logs", f"log-group:/aws/lambda/{deployment.function}")
    return allow("Log", ["logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"], group, f"{group}:*")


def _domain(deployment: Deployment, domain_arn: str | None) -> Iterator[Statement]:
    if domain_arn is None:
        if deployment.settings.sign and deployment.settings.role_arn:
            yield allow("AskAsRole", ["sts:AssumeRole"], deployment.settings.role_arn)
    elif ":aoss:" in domain_arn:
        yield allow("AskCollection", ["aoss:APIAccessAll"], domain_arn)
        dashboards = f"{domain_arn.partition(':collection/')[0]}:dashboards/default"
        yield allow("OpenDashboards", ["aoss:DashboardsAccessAll"], dashboards)
    else:
        yield allow("AskDomain", ["es:ESHttp*"], f"{domain_arn}/*")


def _signing_roles(deployment: Deployment) -> Iterator[Statement]:
    if roles := deployment.signing_roles:
        yield allow("SignForPeople", list(ASSUME_ACTIONS), *roles)


def _tables(deployment: Deployment) -> Iterator[Statement]:
    for name, table, actions in (
        ("KnowUsers", deployment.users_table, ACCOUNT_ACTIONS),
        ("TrackTasks", deployment.settings.tasks_table, TASK_ACTIONS),
    ):
        if table:
            yield allow(
                name, list(actions), deployment.arn("dynamodb", f"table/{table}", region=deployment.data_region)
            )


def _bucket(deployment: Deployment) -> Iterator[Statement]:
    if bucket := deployment.settings.overflow_bucket:
        objects = [deployment.arn("s3", f"{bucket}/{prefix}*", region="", account="") for prefix in PREFIXES]
        yield allow("KeepAnswers", _OBJECT_ACTIONS, *objects)


def _config(deployment: Deployment) -> Iterator[Statement]:
    place = deployment.settings.config or ""
    if place.startswith("ssm:"):
        yield allow("ReadConfig", ["ssm:GetParameter"], deployment.arn("ssm", f"parameter{place.removeprefix('ssm:')}"))
    elif place:
        key = place.removeprefix("s3://")
        yield allow("ReadConfig", ["s3:GetObject"], deployment.arn("s3", key, region="", account=""))


def _self_invocation(deployment: Deployment) -> Iterator[Statement]:
    """Long queries are invocations of it; and a REST API of Zappa's takes this role to invoke it (core.py,
    `integration.Credentials`), by the name of an alias where there is one."""
    if deployment.settings.tasks_table or deployment.has_rest_api:
        name = _function(deployment)
        aliases = [f"{name}:*"] if any(deployment.zappa.get(key) not in _NO_ALIAS for key in _ALIASED) else []
        yield allow("InvokeItself", ["lambda:InvokeFunction"], name, *aliases)


def _network(deployment: Deployment) -> Iterator[Statement]:
    if deployment.zappa.get("xray_tracing"):
        yield allow("Trace", _TRACE_ACTIONS, "*")
    if deployment.is_in_vpc:
        yield allow("JoinNetwork", _NETWORK_ACTIONS, "*")
        # The same page: what Lambda needs, our code does not.
        mine = {"ArnEquals": {"lambda:SourceFunctionArn": [_function(deployment)]}}
        refused = {"Sid": "LeaveNetworkAlone", "Effect": "Deny", "Action": _NETWORK_ACTIONS, "Resource": ["*"]}
        yield {**refused, "Condition": mine}


def _function(deployment: Deployment) -> str:
    return deployment.arn("lambda", f"function:{deployment.function}")
