"""The policy: what is called, on what is configured, and nothing else."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from zappa.core import Zappa

from access_es.errors import SettingsError
from access_es.provision.deployment import Deployment, read_deployment
from access_es.provision.domain_arn import derive_domain_arn, find_domain_arn
from access_es.provision.policy import make_policy
from tests.provision.conftest import MakeStage

ACCOUNT = "123456789012"
SECRET = "s" * 40


def deployment(file: Path) -> Deployment:
    return read_deployment(file, "dev", ACCOUNT, lambda place: json.dumps({"SESSION_SECRET": SECRET}))


def policy(file: Path) -> dict[str, dict[str, Any]]:
    """Statements by their names."""
    found = deployment(file)
    document = make_policy(found, find_domain_arn(found, nobody))
    return {statement["Sid"]: statement for statement in document["Statement"]}


def nobody(*words: str, **parameters: Any) -> dict[str, Any]:
    raise AssertionError(words)


def test_every_statement_is_about_what_is_ours(make_stage: MakeStage) -> None:
    file = make_stage({"USERS": "dynamodb:users", "TASKS_TABLE": "tasks", "OVERFLOW_BUCKET": "bucket", "CONFIG": "ssm:/a/b"}, project_name="p")  # fmt: skip
    assert {name: statement["Resource"] for name, statement in policy(file).items()} == {
        "Log": [
            f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/p-dev",
            f"arn:aws:logs:us-east-1:{ACCOUNT}:log-group:/aws/lambda/p-dev:*",
        ],
        "AskDomain": [f"arn:aws:es:us-east-1:{ACCOUNT}:domain/logs/*"],
        "KnowUsers": [f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/users"],
        "TrackTasks": [f"arn:aws:dynamodb:us-east-1:{ACCOUNT}:table/tasks"],
        "KeepAnswers": ["arn:aws:s3:::bucket/overflow/*"],
        "ReadConfig": [f"arn:aws:ssm:us-east-1:{ACCOUNT}:parameter/a/b"],
        "InvokeItself": [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:p-dev"],
    }


VARIANTS: list[tuple[dict[str, str], dict[str, Any]]] = [
    ({}, {}),
    ({"ES_ENDPOINT": "https://abc123.us-east-1.aoss.amazonaws.com"}, {}),
    ({"ES_ROLE_ARN": f"arn:aws:iam::{ACCOUNT}:role/reader"}, {}),
    ({"ES_SIGN": "false"}, {}),
    ({"CONFIG": "s3://conf/dev.json"}, {}),
    ({"OVERFLOW_BUCKET": "", "TASKS_TABLE": ""}, {}),
    ({}, {"vpc_config": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}}),
    ({}, {"xray_tracing": True}),
    ({}, {"provisioned_concurrency": 1}),
]


@pytest.mark.parametrize(("variables", "keys"), VARIANTS)
def test_a_wildcard_resource_is_used_only_where_aws_requires_it(
    variables: dict[str, str], keys: dict[str, Any], make_stage: MakeStage
) -> None:
    for name, statement in policy(make_stage(variables, **keys)).items():
        if "*" in statement["Resource"]:
            assert name in ("JoinNetwork", "LeaveNetworkAlone", "Trace")
            assert all(action.startswith(("ec2:", "xray:")) for action in statement["Action"])
        else:
            for resource in statement["Resource"]:
                assert resource.count("*") <= 1 and resource.split(":", 5)[5].rstrip("*").strip("/:")
        assert [action for action in statement["Action"] if "*" in action] in ([], ["es:ESHttp*"])


def test_a_collection_is_asked_by_its_own_actions(make_stage: MakeStage) -> None:
    found = policy(make_stage({"ES_ENDPOINT": "https://abc123.us-east-1.aoss.amazonaws.com"}))
    assert found["AskCollection"]["Resource"] == [f"arn:aws:aoss:us-east-1:{ACCOUNT}:collection/abc123"]
    assert found["OpenDashboards"]["Resource"] == [f"arn:aws:aoss:us-east-1:{ACCOUNT}:dashboards/default"]


def test_with_a_role_to_assume_the_function_itself_may_not_ask_the_domain(make_stage: MakeStage) -> None:
    role = f"arn:aws:iam::{ACCOUNT}:role/reader"
    found = policy(make_stage({"ES_ROLE_ARN": role}))
    assert (found["AskAsRole"]["Action"], found["AskAsRole"]["Resource"]) == (["sts:AssumeRole"], [role])
    assert "AskDomain" not in found and "AskDomain" not in policy(make_stage({"ES_SIGN": "false"}))


def test_features_that_are_off_need_nothing(make_stage: MakeStage) -> None:
    found = policy(make_stage({"OVERFLOW_BUCKET": "", "TASKS_TABLE": "", "CONFIG": "", "SESSION_SECRET": SECRET}))
    assert set(found) == {"Log", "AskDomain", "KnowUsers", "InvokeItself"}


@pytest.mark.parametrize("tasks", ["tasks", ""])
@pytest.mark.parametrize("alias", ["", "snapstart"])
def test_what_zappas_rest_api_takes_the_role_for_is_allowed(tasks: str, alias: str, make_stage: MakeStage) -> None:
    """An integration with credentials goes by them alone (API Gateway API reference, "PutIntegration")."""
    keys = {"snap_start": "PublishedVersions"} if alias else {}
    allowed = policy(make_stage({"TASKS_TABLE": tasks}, project_name="p", **keys))["InvokeItself"]["Resource"]
    zappa = Zappa(load_credentials=False)
    zappa.boto_session, zappa.credentials_arn = boto3.Session(region_name="us-east-1"), "the role"
    arn = f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:p-dev"
    template = zappa.create_stack_template(arn, "p-dev", False, False, None, lambda_qualifier=alias).to_dict()
    asked = [one["Properties"]["Integration"] for one in template["Resources"].values() if "Method" in one["Type"]]
    assert {one["Credentials"] for one in asked} == {"the role"}
    for one in asked:
        function = one["Uri"].partition("/functions/")[2].removesuffix("/invocations")
        assert any(fnmatch.fnmatchcase(function, pattern) for pattern in allowed)


def test_other_doors_invoke_it_by_themselves(make_stage: MakeStage) -> None:
    assert "InvokeItself" not in policy(make_stage({"TASKS_TABLE": ""}, apigateway_version="v2"))


def test_in_a_vpc_lambda_may_join_it_and_our_code_may_not(make_stage: MakeStage) -> None:
    found = policy(make_stage(vpc_config={"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]}, project_name="p"))
    deny = found["LeaveNetworkAlone"]
    assert deny["Effect"] == "Deny" and deny["Action"] == found["JoinNetwork"]["Action"]
    assert deny["Condition"] == {
        "ArnEquals": {"lambda:SourceFunctionArn": [f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:p-dev"]}
    }


def test_extra_permissions_of_the_settings_come_last(make_stage: MakeStage) -> None:
    extra = {"Sid": "Mine", "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["arn:aws:sqs:us-east-1:1:q"]}
    assert policy(make_stage(extra_permissions=[extra]))["Mine"] == extra


def test_it_fits_into_a_role(make_stage: MakeStage) -> None:
    """An inline policy may have 10,240 characters: IAM User Guide, "IAM and AWS STS quotas"."""
    file = make_stage(vpc_config={"SubnetIds": ["s"], "SecurityGroupIds": ["g"]}, xray_tracing=True)
    assert len(json.dumps(list(policy(file).values()))) < 5000


@pytest.mark.parametrize(
    ("address", "resource"),
    [
        ("https://search-my-logs-a1b2c3.eu-west-1.es.amazonaws.com", "es:eu-west-1:1:domain/my-logs"),
        ("https://vpc-logs-a1b2c3.eu-west-1.es.amazonaws.com", "es:eu-west-1:1:domain/logs"),
        ("https://search-logs-a1b2c3.aos.eu-west-1.on.aws", "es:eu-west-1:1:domain/logs"),
        ("https://a1b2c3.eu-west-1.aoss.amazonaws.com", "aoss:eu-west-1:1:collection/a1b2c3"),
        ("https://search-logs-a1b2c3.example.com", None),
    ],
)
def test_the_address_tells_the_arn(address: str, resource: str | None) -> None:
    from access_es.settings.endpoint import parse_endpoint

    assert derive_domain_arn(parse_endpoint(address), "eu-west-1", "1") == (resource and f"arn:aws:{resource}")


@pytest.mark.parametrize(("region", "partition"), [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov")])
def test_other_partitions_have_their_own_arns(region: str, partition: str, make_stage: MakeStage) -> None:
    endpoint = f"https://search-logs-abc.{region}.es.amazonaws.com" + (".cn" if partition == "aws-cn" else "")
    found = policy(make_stage({"ES_ENDPOINT": endpoint}, aws_region=region))
    assert all(one.startswith(f"arn:{partition}:") for statement in found.values() for one in statement["Resource"])


def test_a_custom_endpoint_is_looked_up(make_stage: MakeStage) -> None:
    names = [f"domain-{number}" for number in range(7)]

    def call(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == "list_domain_names":
            return {"DomainNames": [{"DomainName": name} for name in names]}
        asked = parameters["DomainNames"]
        assert len(asked) <= 5, "DescribeDomains takes no more"
        return {
            "DomainStatusList": [
                {"ARN": f"arn:{name}", "DomainEndpointOptions": {"CustomEndpoint": f"{name}.example.com"}}
                for name in asked
            ]
        }

    variables = {"ES_ENDPOINT": "https://domain-6.example.com", "ES_REGION": "us-east-1"}
    assert find_domain_arn(deployment(make_stage(variables)), call) == "arn:domain-6"
    variables["ES_ENDPOINT"] = "https://none.example.com"
    with pytest.raises(SettingsError, match="ES_DOMAIN_ARN is missing"):
        find_domain_arn(deployment(make_stage(variables)), call)
    variables["ES_DOMAIN_ARN"] = "arn:aws:es:us-east-1:999999999999:domain/theirs"
    assert find_domain_arn(deployment(make_stage(variables)), nobody) == variables["ES_DOMAIN_ARN"]
