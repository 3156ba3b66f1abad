"""Plan, apply, plan again: what is missing is made, what is there stays, and running twice changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from access_es.errors import AwsFailure
from access_es.provision.apply import ProvisionFailed, apply
from access_es.provision.calls import Calls
from access_es.provision.gateway_responses import REFUSALS
from access_es.provision.prepare import Prepared, prepare
from access_es.provision.removal import plan_removal
from access_es.provision.step import Plan
from access_es.settings.remote import fetch_config
from tests.moto_server import REGION
from tests.provision.conftest import MakeStage

pytestmark = pytest.mark.heavy

Deploy = Callable[[Path], str]


def operations(prepared: Prepared) -> list[str]:
    return [f"{step.service}:{step.operation}" for step in prepared.plan.steps]


def make(file: Path) -> Prepared:
    prepared = prepare(file, "dev")
    apply(prepared.plan, prepared.call, lambda what: None)
    return prepare(file, "dev")


BEFORE = [
    "ssm:put_parameter", "dynamodb:create_table", "dynamodb:update_time_to_live", "dynamodb:update_continuous_backups",
    "dynamodb:create_table", "dynamodb:update_time_to_live", "s3:create_bucket", "s3:put_public_access_block",
    "s3:put_bucket_ownership_controls", "s3:put_bucket_encryption", "s3:put_bucket_policy",
    "s3:put_bucket_lifecycle_configuration",
]  # fmt: skip
AFTER = [
    "s3:put_bucket_cors", "lambda:put_function_event_invoke_config", "iam:put_role_policy",
    *["apigateway:put_gateway_response"] * len(REFUSALS), "apigateway:create_deployment",
]  # fmt: skip


@pytest.mark.usefixtures("aws")
def test_everything_that_needs_no_function_is_made_before_there_is_one(make_stage: MakeStage) -> None:
    file = make_stage()
    first = prepare(file, "dev")
    made = set(operations(first))
    assert made <= set(BEFORE) and {"dynamodb:create_table", "s3:create_bucket", "ssm:put_parameter"} <= made
    assert len(first.plan.later) == 4 and not first.plan.blockers
    again = make(file)
    assert again.plan.steps == () and len(again.plan.later) == 4


def test_the_rest_follows_the_deployment_and_running_twice_changes_nothing(
    aws: Calls, make_stage: MakeStage, deploy: Deploy
) -> None:
    file = make_stage()
    make(file)
    name = deploy(file)
    assert operations(prepare(file, "dev")) == AFTER
    assert make(file).plan == Plan()
    assert aws("lambda", "get_function_event_invoke_config", FunctionName=name)["MaximumRetryAttempts"] == 0


def test_the_bucket_is_private_encrypted_open_to_our_pages_and_empties_itself(
    aws: Calls, make_stage: MakeStage, deploy: Deploy
) -> None:
    file = make_stage(domain="kibana.example.com")
    deploy(file)
    prepared = make(file)
    bucket = {"Bucket": prepared.deployment.settings.overflow_bucket}
    assert set(aws("s3", "get_public_access_block", **bucket)["PublicAccessBlockConfiguration"].values()) == {True}
    (rule,) = aws("s3", "get_bucket_cors", **bucket)["CORSRules"]
    assert rule["AllowedOrigins"][0] == "https://kibana.example.com" and "*" not in rule["AllowedOrigins"]
    assert rule["AllowedOrigins"][1].startswith("https://") and "execute-api.us-east-1" in rule["AllowedOrigins"][1]
    assert (rule["AllowedMethods"], rule["AllowedHeaders"]) == (["GET", "HEAD"], ["*"])
    (life,) = aws("s3", "get_bucket_lifecycle_configuration", **bucket)["Rules"]
    assert life["Expiration"]["Days"] == 1 and life["AbortIncompleteMultipartUpload"]["DaysAfterInitiation"] == 1
    (deny,) = json.loads(aws("s3", "get_bucket_policy", **bucket)["Policy"])["Statement"]
    assert (deny["Effect"], deny["Condition"]) == ("Deny", {"Bool": {"aws:SecureTransport": "false"}})
    assert aws("s3", "get_bucket_encryption", **bucket)["ServerSideEncryptionConfiguration"]["Rules"]


def test_the_bucket_is_open_to_the_pages_of_an_http_api_and_of_a_function_url(
    aws: Calls, make_stage: MakeStage, deploy: Deploy
) -> None:
    file = make_stage(apigateway_version="v2", function_url_enabled=True)
    name = deploy(file)
    api = aws("apigatewayv2", "create_api", Name=name, ProtocolType="HTTP")["ApiEndpoint"]
    url = aws("lambda", "create_function_url_config", FunctionName=name, AuthType="AWS_IAM")["FunctionUrl"]
    prepared = make(file)
    (rule,) = aws("s3", "get_bucket_cors", Bucket=prepared.deployment.settings.overflow_bucket)["CORSRules"]
    assert rule["AllowedOrigins"] == [api, url.rstrip("/")] and prepared.plan == Plan()


def test_what_others_set_on_the_bucket_stays(aws: Calls, make_stage: MakeStage, deploy: Deploy) -> None:
    file = make_stage()
    deploy(file)
    name = make(file).deployment.settings.overflow_bucket
    cors = {"ID": "theirs", "AllowedOrigins": ["https://other.example"], "AllowedMethods": ["PUT"]}
    aws("s3", "put_bucket_cors", Bucket=name, CORSConfiguration={"CORSRules": [cors]})
    rule = {"ID": "theirs", "Filter": {"Prefix": "theirs/"}, "Status": "Enabled", "Expiration": {"Days": 7}}
    aws("s3", "put_bucket_lifecycle_configuration", Bucket=name, LifecycleConfiguration={"Rules": [rule]})
    arn = f"arn:aws:s3:::{name}/theirs/*"
    theirs = {"Sid": "Theirs", "Effect": "Deny", "Principal": "*", "Action": "s3:DeleteObject", "Resource": arn}
    aws("s3", "put_bucket_policy", Bucket=name, Policy=json.dumps({"Version": "2012-10-17", "Statement": theirs}))
    assert make(file).plan == Plan()
    assert "theirs" in [one["ID"] for one in aws("s3", "get_bucket_cors", Bucket=name)["CORSRules"]]
    rules = aws("s3", "get_bucket_lifecycle_configuration", Bucket=name)["Rules"]
    assert "theirs" in [one["ID"] for one in rules]
    statements = json.loads(aws("s3", "get_bucket_policy", Bucket=name)["Policy"])["Statement"]
    assert theirs in statements and len(statements) == 2


def test_what_somebody_undid_is_done_again(aws: Calls, make_stage: MakeStage, deploy: Deploy) -> None:
    file = make_stage()
    name = deploy(file)
    prepared = make(file)
    bucket, users = prepared.deployment.settings.overflow_bucket, prepared.deployment.users_table
    aws("s3", "delete_bucket_cors", Bucket=bucket)
    aws("s3", "delete_public_access_block", Bucket=bucket)
    aws("dynamodb", "update_table", TableName=users, DeletionProtectionEnabled=False)
    aws("lambda", "delete_function_event_invoke_config", FunctionName=name)
    role = {"RoleName": prepared.deployment.role, "PolicyName": "zappa-permissions"}
    wide = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
    aws("iam", "put_role_policy", **role, PolicyDocument=json.dumps(wide))
    assert operations(prepare(file, "dev")) == [
        "dynamodb:update_table", "s3:put_public_access_block", "s3:put_bucket_cors",
        "lambda:put_function_event_invoke_config", "iam:put_role_policy",
    ]  # fmt: skip
    assert make(file).plan == Plan()


@pytest.mark.usefixtures("aws")
def test_the_secret_is_made_once_and_never_touched_again(make_stage: MakeStage) -> None:
    file = make_stage()
    place = json.loads(file.read_text())["dev"]["environment_variables"]["CONFIG"]
    assert "SESSION_SECRET" not in repr(prepare(file, "dev").plan.steps[0].parameters.get("Name"))
    assert "Value" not in repr(prepare(file, "dev").plan)
    make(file)
    secret = json.loads(fetch_config(place, REGION))["SESSION_SECRET"]
    assert len(secret) >= 48
    assert make(file).deployment.settings.session_secrets == (secret,)


def test_a_profile_of_the_stage_is_the_one_that_makes_and_reads_everything(make_stage: MakeStage, profile: str) -> None:
    file = make_stage(profile_name=profile)
    secret = make(file).deployment.settings.session_secrets
    assert secret and make(file).deployment.settings.session_secrets == secret


@pytest.mark.usefixtures("aws")
def test_a_parameter_beside_a_given_secret_is_made_empty(make_stage: MakeStage) -> None:
    file = make_stage({"SESSION_SECRET": "s" * 40})
    assert make(file).deployment.settings.session_secrets == ("s" * 40,)


def test_a_table_with_other_keys_is_an_obstacle(aws: Calls, make_stage: MakeStage) -> None:
    file = make_stage()
    users = prepare(file, "dev").deployment.users_table
    aws(
        "dynamodb", "create_table", TableName=users, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": "x", "AttributeType": "S"}], KeySchema=[{"AttributeName": "x", "KeyType": "HASH"}],
    )  # fmt: skip
    prepared = prepare(file, "dev")
    assert "its keys are not those of access-es" in prepared.plan.blockers[0].what
    with pytest.raises(ProvisionFailed, match="name another table"):
        apply(prepared.plan, prepared.call, lambda what: None)
    assert "s3:create_bucket" in operations(prepare(file, "dev")), "nothing was made beside it"


def test_the_bucket_takes_nothing_over_plain_http(aws: Calls, make_stage: MakeStage) -> None:
    bucket = make(make_stage()).deployment.settings.overflow_bucket
    with pytest.raises(AwsFailure) as refused:
        aws("s3", "put_object", Bucket=bucket, Key="overflow/x", Body=b"x")
    assert refused.value.reason == "403"


def put(aws: Calls, bucket: str | None, key: str) -> None:
    """moto speaks plain http."""
    aws("s3", "delete_bucket_policy", Bucket=bucket)
    aws("s3", "put_object", Bucket=bucket, Key=key, Body=b"x")


def test_data_is_removed_only_on_request_and_after_the_function(
    aws: Calls, make_stage: MakeStage, deploy: Deploy
) -> None:
    file = make_stage()
    name = deploy(file)
    prepared = make(file)
    bucket = prepared.deployment.settings.overflow_bucket
    put(aws, bucket, "overflow/2026-01-01/x")
    removal = plan_removal(prepared.deployment, prepared.found, prepared.call)
    assert removal.steps == () and "zappa undeploy dev" in removal.blockers[0].fix
    aws("lambda", "delete_function", FunctionName=name)
    prepared = prepare(file, "dev")
    apply(plan_removal(prepared.deployment, prepared.found, prepared.call), prepared.call, lambda what: None)
    left = prepare(file, "dev")
    assert (left.found.bucket, set(left.found.tables.values()), left.found.function.has_role) == (None, {None}, False)
    assert left.deployment.missing_parameter is not None


def test_a_bucket_that_holds_other_things_stays(aws: Calls, make_stage: MakeStage) -> None:
    file = make_stage()
    prepared = make(file)
    bucket = prepared.deployment.settings.overflow_bucket
    for key in ("overflow/x", "theirs"):
        put(aws, bucket, key)
    apply(plan_removal(prepared.deployment, prepared.found, prepared.call), prepared.call, lambda what: None)
    assert [one["Key"] for one in aws("s3", "list_objects_v2", Bucket=bucket)["Contents"]] == ["theirs"]


def test_the_answer_to_a_request_that_is_too_large_says_what_to_do(
    aws: Calls, make_stage: MakeStage, deploy: Deploy
) -> None:
    file = make_stage()
    deploy(file)
    api = make(file).found.api
    assert api is not None
    said: dict[str, Any] = aws("apigateway", "get_gateway_response", restApiId=api.api["id"], responseType="REQUEST_TOO_LARGE")  # fmt: skip
    shown = json.loads(said["responseTemplates"]["application/json"])
    assert (
        said["statusCode"] == "413"
        and "4.5 MB" in shown["error"]["reason"]
        and "bulk requests" in shown["error"]["reason"]
    )
