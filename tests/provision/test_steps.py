"""Decisions that moto cannot show, and steps that need a second attempt."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from access_es.errors import AwsFailure, SettingsError
from access_es.provision.apply import ProvisionFailed, apply
from access_es.provision.bucket import DesiredBucket, FoundBucket, find_bucket, plan_bucket
from access_es.provision.deployment import Deployment, function_name, read_deployment
from access_es.provision.function import EVENTS, FoundFunction, plan_function
from access_es.provision.gateway_responses import REFUSALS, gateway_response
from access_es.provision.origins import find_origins
from access_es.provision.rest_api import FoundApi, find_api, plan_api, start_page
from access_es.provision.step import Plan, Step
from access_es.provision.tables import FoundTable, desired_tables, plan_table
from tests.provision.conftest import MakeStage

BUCKET = DesiredBucket("bucket", "eu-west-1", "aws", "1", ("https://x.example",))


def deployment(
    file: Path, fetched: str = '{"SESSION_SECRET": "ssssssssssssssssssssssssssssssssssssssss"}'
) -> Deployment:
    return read_deployment(file, "dev", "1", lambda place: fetched)


def failing(*reasons: str) -> Any:
    """A call that fails for one reason after the other, and then works."""
    left = list(reasons)

    def call(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if left:
            reason = left.pop(0)
            retried = {"ResponseMetadata": {"RetryAttempts": 1}} if reason.startswith("+") else {}
            raise AwsFailure(operation, reason.lstrip("+"), "told so", retried)
        return {}

    return call


STEP = Step("make it", "dynamodb", "update_time_to_live", {}, wait_for=("ResourceInUseException",), done_if=("Exists",))


def test_a_step_waits_until_what_it_needs_is_ready() -> None:
    waited: list[float] = []
    apply(Plan((STEP,)), failing("ResourceInUseException", "ResourceInUseException"), lambda what: None, waited.append)
    assert len(waited) == 2


def test_a_step_waits_for_two_minutes_at_the_most() -> None:
    waited: list[float] = []
    with pytest.raises(ProvisionFailed, match="ResourceInUseException"):
        apply(Plan((STEP,)), failing(*["ResourceInUseException"] * 99), lambda what: None, waited.append)
    assert sum(waited) == 120


def test_a_call_whose_first_answer_got_lost_is_done() -> None:
    done: list[str] = []
    apply(Plan((STEP,)), failing("+Exists"), done.append, lambda seconds: None)
    assert done == ["make it"]
    with pytest.raises(ProvisionFailed, match="Exists"):
        apply(Plan((STEP,)), failing("Exists"), done.append, lambda seconds: None)


def test_a_missing_permission_is_named() -> None:
    with pytest.raises(ProvisionFailed, match="lacks dynamodb:UpdateTimeToLive"):
        apply(Plan((STEP,)), failing("AccessDeniedException"), lambda what: None)


@pytest.mark.parametrize(
    ("reason", "part"),
    [
        ("403", "belongs to another account"),
        ("301", "in another region"),
        ("AccessDenied", "belongs to another account"),
    ],
)
def test_a_bucket_of_another_account_is_an_obstacle(reason: str, part: str) -> None:
    found = find_bucket(failing(reason), BUCKET)
    (blocker,) = plan_bucket(BUCKET, found).blockers
    assert part in blocker.what and "OVERFLOW_BUCKET" in blocker.fix
    with pytest.raises(AwsFailure):
        find_bucket(failing("500"), BUCKET)


def test_a_bucket_in_another_region_than_the_domain_is_an_obstacle() -> None:
    (blocker,) = plan_bucket(BUCKET, FoundBucket("us-east-1")).blockers
    assert "us-east-1, the domain in eu-west-1" in blocker.what


def test_a_bucket_is_made_where_the_domain_is() -> None:
    def making(wanted: DesiredBucket) -> Any:
        return plan_bucket(wanted, None).steps[0].parameters.get("CreateBucketConfiguration")

    assert making(BUCKET) == {"LocationConstraint": "eu-west-1"}
    assert making(replace(BUCKET, region="us-east-1")) is None


def test_encryption_that_somebody_chose_stays() -> None:
    theirs = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}]}
    steps = plan_bucket(BUCKET, FoundBucket("eu-west-1", None, {"encryption": theirs})).steps
    assert "put_bucket_encryption" not in [step.operation for step in steps]


def test_a_rule_of_others_before_ours_would_win_so_ours_goes_first() -> None:
    """S3 takes the first CORS rule that matches: User Guide, "Elements of a CORS configuration"."""
    theirs = {"ID": "theirs", "AllowedOrigins": ["*"], "AllowedMethods": ["GET"]}
    steps = plan_bucket(BUCKET, FoundBucket("eu-west-1", None, {"cors": [theirs]})).steps
    (cors,) = [step for step in steps if step.operation == "put_bucket_cors"]
    assert [rule["ID"] for rule in cors.parameters["CORSConfiguration"]["CORSRules"]] == ["access-es", "theirs"]


def test_a_time_to_live_that_is_being_switched_on_is_on() -> None:
    (wanted,) = desired_tables(None, "tasks")
    found = FoundTable(wanted["create_table"], {"TimeToLiveStatus": "ENABLING", "AttributeName": "expires"}, {})
    assert plan_table(wanted, found) == Plan()
    assert len(plan_table(wanted, replace(found, time_to_live={"TimeToLiveStatus": "DISABLED"})).steps) == 1


@pytest.mark.parametrize(
    ("events", "operation"),
    [
        (None, "put_function_event_invoke_config"),
        ({"MaximumRetryAttempts": 2, "DestinationConfig": {}}, "update_function_event_invoke_config"),
        ({**EVENTS, "LastModified": 1}, None),
    ],
)
def test_failed_events_run_no_second_time(events: Any, operation: str | None, make_stage: MakeStage) -> None:
    found = FoundFunction({}, events, True, {"is": "wanted"})
    steps = plan_function(deployment(make_stage()), {"is": "wanted"}, found).steps
    assert [step.operation for step in steps] == ([operation] if operation else [])


@pytest.mark.parametrize("keys", [{"manage_roles": False}, {"role_arn": "arn:aws:iam::1:role/x/mine"}])
def test_a_role_of_others_is_left_alone(keys: dict[str, Any], make_stage: MakeStage) -> None:
    stage = deployment(make_stage(**keys))
    assert plan_function(stage, {}, FoundFunction({}, EVENTS, True, {"other": 1})) == Plan()
    (missing,) = plan_function(stage, {}, FoundFunction()).blockers
    assert f"no role {stage.role}" in missing.what and "manage_roles" in missing.fix
    assert stage.role == ("mine" if "role_arn" in keys else f"{stage.function}-ZappaLambdaExecutionRole")


def test_the_api_and_what_it_says_are_found_on_later_pages(make_stage: MakeStage) -> None:
    stage = deployment(make_stage())
    wanted = [gateway_response(refusal, start_page(stage, "b")) for refusal in REFUSALS]

    def call(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        first = "position" not in parameters
        if operation == "get_gateway_responses":
            assert parameters["restApiId"] == "b"
            return {"items": wanted[:1], "position": "2"} if first else {"items": wanted[1:]}
        return (
            {"items": [{"id": "a", "name": "x"}], "position": "2"}
            if first
            else {"items": [{"id": "b", "name": stage.function}]}
        )

    found = find_api(call, stage)
    assert found is not None and found.api["id"] == "b"
    assert plan_api(stage, found) == Plan()


def test_what_the_api_does_not_say_yet_is_set_and_published(make_stage: MakeStage) -> None:
    stage = deployment(make_stage())
    wanted = {refusal.type: gateway_response(refusal, start_page(stage, "b")) for refusal in REFUSALS}
    default = {
        "responseType": "THROTTLED",
        "defaultResponse": True,
        "statusCode": "429",
        "responseTemplates": {"application/json": "{}"},
    }
    steps = plan_api(stage, FoundApi({"id": "b"}, {**wanted, "THROTTLED": default})).steps
    assert [(step.operation, step.parameters.get("responseType")) for step in steps] == [
        ("put_gateway_response", "THROTTLED"),
        ("create_deployment", None),
    ]
    assert len(plan_api(stage, FoundApi({"id": "b"}, {})).steps) == len(REFUSALS) + 1


def test_a_response_that_aws_does_not_let_anybody_set_stops_nothing(make_stage: MakeStage) -> None:
    """Whether 413 is one, its documentation says both ways."""
    stage = deployment(make_stage())
    told: list[str] = []
    called: list[str] = []

    def call(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        called.append(operation)
        if parameters.get("responseType") == "REQUEST_TOO_LARGE":
            raise AwsFailure(operation, "BadRequestException", "not supported")
        return {}

    apply(plan_api(stage, FoundApi({"id": "b"}, {})), call, told.append)
    assert called[-1] == "create_deployment" and len(called) == len(REFUSALS) + 1
    assert [line for line in told if line.startswith("not done")] == [
        "not done, as AWS does not offer it here: make the API explain its refusal REQUEST_TOO_LARGE"
    ]


@pytest.mark.parametrize(
    ("keys", "address"),
    [
        ({}, "https://b.execute-api.us-east-1.amazonaws.com/dev/"),
        ({"domain": "kibana.example.com"}, "https://kibana.example.com/"),
        ({"domain": "example.com", "base_path": "logs"}, "https://example.com/logs/"),
        ({"aws_region": "cn-north-1"}, "https://b.execute-api.cn-north-1.amazonaws.com.cn/dev/"),
    ],
)
def test_where_people_start(keys: dict[str, Any], address: str, make_stage: MakeStage) -> None:
    assert start_page(deployment(make_stage(**keys)), "b") == address


def test_an_http_api_on_a_later_page_and_a_load_balancer_have_addresses(make_stage: MakeStage) -> None:
    stage = deployment(make_stage(apigateway_version="v2", alb_enabled=True, domain="kibana.example.com"))
    answers: dict[str, dict[str, Any]] = {
        "get_apis": {"Items": [{"Name": stage.function, "ApiEndpoint": "https://api.example"}]},
        "describe_load_balancers": {"LoadBalancers": [{"DNSName": "balancer.example"}]},
    }

    def call(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        if operation == "get_apis" and not parameters:
            return {"Items": [{"Name": f"{stage.function}-ws", "ApiEndpoint": "wss://api.example"}], "NextToken": "2"}
        return answers[operation]

    wanted = ("https://kibana.example.com", "https://api.example", "https://balancer.example")
    assert find_origins(call, stage, None) == wanted


def test_pages_that_cors_origins_names_come_to_the_bucket_without_a_name(make_stage: MakeStage) -> None:
    """Two origins lie between them and the bucket."""
    named = {"CORS_ORIGINS": "https://tools.example.com"}
    with_domain = deployment(make_stage(named, domain="kibana.example.com", apigateway_enabled=False))
    assert find_origins(failing(), with_domain, None) == ("https://kibana.example.com", "null")
    assert find_origins(failing(), deployment(make_stage(named, apigateway_enabled=False)), None) == ()


@pytest.mark.parametrize("keys", [{"function_url_enabled": True}, {"alb_enabled": True}])
def test_a_door_that_is_not_there_yet_has_no_address(keys: dict[str, Any], make_stage: MakeStage) -> None:
    absent = failing("ResourceNotFoundException" if "function_url_enabled" in keys else "LoadBalancerNotFound")
    assert find_origins(absent, deployment(make_stage(**keys)), None) == ()


@pytest.mark.parametrize(
    "keys", [{"apigateway_version": "v2"}, {"apigateway_enabled": False}, {"use_apigateway": False}]
)
def test_other_doors_have_no_such_answer(keys: dict[str, Any], make_stage: MakeStage) -> None:
    assert plan_api(deployment(make_stage(**keys)), None) == Plan()


@pytest.mark.parametrize(
    ("project", "stage", "name"), [("access-es", "dev", "access-es-dev"), ("My Logs_2", "S_x", "my-logs-2-s-x")]
)
def test_the_function_is_named_as_zappa_names_it(project: str, stage: str, name: str) -> None:
    import slugify  # what Zappa names it with

    assert (
        function_name(Path("x.json"), stage, {"project_name": project}) == name == slugify.slugify(f"{project}-{stage}")
    )


def test_what_cannot_work_in_lambda_is_reported_with_all_other_faults(make_stage: MakeStage) -> None:
    file = make_stage(
        {"USERS": "file:users.db", "TASKS_TABLE": "file:t", "FRONT_DOOR": "local", "ES_ENDPOINT": ""}, aws_region=""
    )
    with pytest.raises(SettingsError) as refused:
        deployment(file)
    assert [fault.split()[0].rstrip(":") for fault in refused.value.faults] == [
        "aws_region", "USERS", "TASKS_TABLE", "FRONT_DOOR", "ES_ENDPOINT",
    ]  # fmt: skip


def test_users_and_tasks_have_a_table_each(make_stage: MakeStage) -> None:
    with pytest.raises(SettingsError, match="TASKS_TABLE: this is the table of USERS"):
        deployment(make_stage({"USERS": "dynamodb:one", "TASKS_TABLE": "one"}))


def test_the_environment_of_this_machine_is_not_used(make_stage: MakeStage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ES_ENDPOINT", "https://search-other-abc.us-east-1.es.amazonaws.com")
    assert "search-logs" in deployment(make_stage()).settings.endpoint.host


def test_variables_of_the_function_itself_count_below_those_of_the_stage(make_stage: MakeStage) -> None:
    file = make_stage({"SESSION_HOURS": "3"}, aws_environment_variables={"SESSION_HOURS": "2", "HOME_PATH": "/x"})
    settings = deployment(file).settings
    assert (settings.session_hours, settings.home_path) == (3, "/x")
    settings = deployment(file, json.dumps({"SESSION_HOURS": "5", "SESSION_SECRET": "s" * 40})).settings
    assert settings.session_hours == 5
