"""`python -m access_es doctor`: a newcomer's way, with each wrong value that may be met on it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from access_es.cli import main
from access_es.demo.running_gateway import RunningGateway
from access_es.doctor.deployed import check_api, check_function, check_limits
from access_es.doctor.examine import _ask as ask_domain
from access_es.doctor.examine import fix_identity
from access_es.doctor.permissions import check_permissions
from access_es.errors import AwsFailure
from access_es.provision.apply import apply
from access_es.provision.calls import Calls
from access_es.provision.deployment import read_deployment
from access_es.provision.function import FoundFunction
from access_es.provision.plan import Found, desired_policy
from access_es.provision.prepare import Prepared, prepare
from access_es.provision.rest_api import FoundApi
from tests.provision.conftest import MakeStage

pytestmark = pytest.mark.heavy

Deploy = Callable[[Path], str]


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Any:
    def run(file: Path, stage: str = "dev") -> tuple[int, list[dict[str, Any]]]:
        capsys.readouterr()
        status = main(["--settings", str(file), "--stage", stage, "doctor", "--json"])
        return status, json.loads(capsys.readouterr().out)

    return run


def provisioned(file: Path) -> Prepared:
    prepared = prepare(file, "dev")
    apply(prepared.plan, prepared.call, lambda what: None)
    return prepare(file, "dev")


def reached(gateway: RunningGateway, **more: str) -> dict[str, str]:
    arn = "arn:aws:es:us-east-1:123456789012:domain/demo"
    everything = '{"roles": {"admin": {"manage": ["*"], "dashboards": "edit"}}, "groups": {"ops": ["admin"]}}'
    return {
        "ES_ENDPOINT": gateway.url, "ES_REGION": "us-east-1", "ES_DOMAIN_ARN": arn, "PERMISSIONS": everything, **more
    }  # fmt: skip


@pytest.mark.usefixtures("aws")
def test_after_a_deployment_nothing_is_wrong(
    make_stage: MakeStage, deploy: Deploy, gateway: RunningGateway, doctor: Any
) -> None:
    file = make_stage(reached(gateway), domain="kibana.example.com")
    deploy(file)
    provisioned(file)
    status, found = doctor(file)
    assert [one for one in found if one["level"] in ("fault", "warning")] == [] and status == 0
    topics = {one["topic"] for one in found}
    assert {"settings", "roles", "credentials", "limits", "resources", "permissions", "clock", "signature"} <= topics
    assert any("admin (manage *, dashboards edit)" in one["says"] for one in found)


@pytest.mark.usefixtures("aws")
def test_before_it_everything_that_is_missing_is_reported_with_the_command_that_makes_it(
    make_stage: MakeStage, gateway: RunningGateway, doctor: Any
) -> None:
    status, found = doctor(make_stage(reached(gateway)))
    missing = [one for one in found if one["topic"] == "resources" and one["level"] == "fault"]
    assert status == 1 and len(missing) >= 10
    assert {one["fix"] for one in missing} == {"python -m access_es --stage dev provision"}
    later = [one for one in found if one["topic"] == "resources" and one["level"] == "warning"]
    assert {one["fix"] for one in later} == {"zappa deploy dev"}


NEW_USER: list[tuple[dict[str, str], dict[str, Any], str, str]] = [
    ({"ES_ENDPOINT": ""}, {}, "settings", "ES_ENDPOINT is missing: the address of the domain"),
    ({"ES_ENDPOINT": "https://x.us-east-1.es.amazonaws.com/_plugin/kibana"}, {}, "settings", "give the address alone"),
    ({"ES_ENDPOINT": "https://es.example.com"}, {}, "settings", "ES_REGION is missing"),
    ({"ES_ENDPIONT": "x"}, {}, "settings", "did you mean ES_ENDPOINT"),
    ({"USERS": "file:users.db"}, {}, "settings", "a Lambda function has no permanent files"),
    ({"PERMISSIONS": "file:nowhere.json"}, {}, "settings", "nowhere.json cannot be read"),
    ({"PERMISSIONS": "file:/etc/permissions.json"}, {}, "settings", "outside of the package"),
    ({"PERMISSIONS": '{"rules": {}}'}, {}, "settings", "there is no 'rules'"),
    ({"OVERFLOW_BUCKET": "My_Bucket"}, {}, "settings", "OVERFLOW_BUCKET: 'My_Bucket' is not the name of an S3 bucket"),
    ({"CONFIG": "", "SESSION_SECRET": ""}, {}, "settings", "SESSION_SECRET is missing"),
    ({"CONFIG": "", "SESSION_SECRET": "secret"}, {}, "settings", "each secret needs 32 characters"),
    ({"CONFIG": "s3://nobody-has-this/x"}, {}, "settings", "CONFIG: s3://nobody-has-this/x cannot be read"),
    ({"CONFIG": "secret"}, {}, "settings", "is not s3://<bucket>/<key> or ssm:/<name>"),
    ({}, {"aws_region": ""}, "settings", "aws_region is missing"),
    (
        {"ES_ENDPOINT": "https://vpc-logs-abc.us-east-1.es.amazonaws.com"},
        {},
        "network",
        "the function is not, and cannot",
    ),
    ({}, {"timeout_seconds": "900"}, "settings", "timeout_seconds: must be a whole number"),
    ({}, {"manage_roles": False}, "resources", "There is no role"),
    ({}, {"aws_region": "us east 1"}, "credentials", "Provided region_name 'us east 1'"),
    ({"ES_REGION": "eu-west-1"}, {}, "region", "ES_REGION is eu-west-1, but the address"),
    ({"ES_SERVICE": "aoss"}, {}, "region", "ES_SERVICE is aoss, but the address"),
    ({}, {"debug": True}, "zappa", "debug is on"),
]
WARNED: list[tuple[dict[str, str], dict[str, Any], str, str]] = [
    ({"SESSION_SECRET": "s" * 40}, {}, "settings", "is in the settings file"),
    ({"FRONT_DOOR": "alb"}, {}, "limits", "FRONT_DOOR is alb, but what Zappa deploys is rest"),
    ({"OVERFLOW_BUCKET": ""}, {}, "limits", "larger ones are refused"),
    ({"TASKS_TABLE": ""}, {}, "limits", "longer queries fail"),
    ({}, {}, "roles", "everybody who is signed in may do everything"),
    ({"PERMISSIONS": "{}"}, {}, "roles", "nobody may do anything"),
    ({"PERMISSIONS": '{"roles": {"a": {}, "b": {}}, "default": ["a"]}'}, {}, "roles", "no group has the role b"),
    (
        {"PERMISSIONS": '{"roles": {"a": {"admin": true}}, "default": ["a"]}'},
        {},
        "roles",
        "everybody who is signed in is an administrator, by the role a",
    ),
    ({}, {"aws_region": "eu-west-1"}, "network", "the function is in eu-west-1, the domain in us-east-1"),
]


@pytest.fixture
def no_domain(monkeypatch: pytest.MonkeyPatch) -> None:
    """What asks the domain is tested elsewhere; here it would be one that exists nowhere."""
    monkeypatch.setattr("access_es.doctor.examine._ask", lambda *_: iter(()))


@pytest.mark.usefixtures("aws", "no_domain")
@pytest.mark.parametrize(("variables", "keys", "topic", "says"), NEW_USER, ids=[one[3][:40] for one in NEW_USER])
def test_each_wrong_value_on_the_way_is_explained(
    variables: dict[str, str], keys: dict[str, Any], topic: str, says: str, make_stage: MakeStage, doctor: Any
) -> None:
    status, found = doctor(make_stage(variables, **keys))
    (told,) = [one for one in found if one["topic"] == topic and one["level"] == "fault" and says in one["says"]]
    assert status == 1 and told["fix"]


@pytest.mark.usefixtures("aws", "no_domain")
@pytest.mark.parametrize(("variables", "keys", "topic", "says"), WARNED, ids=[one[3][:40] for one in WARNED])
def test_what_is_only_inconvenient_is_a_warning(
    variables: dict[str, str], keys: dict[str, Any], topic: str, says: str, make_stage: MakeStage, doctor: Any
) -> None:
    _, found = doctor(make_stage(variables, **keys))
    (told,) = [one for one in found if one["topic"] == topic and says in one["says"]]
    assert told["level"] == "warning" and told["fix"]


@pytest.mark.usefixtures("no_domain")
def test_a_profile_of_the_stage_is_the_one_that_asks(make_stage: MakeStage, profile: str, doctor: Any) -> None:
    file = make_stage(profile_name=profile)
    provisioned(file)
    assert {one["level"] for one in doctor(file)[1] if one["topic"] in ("credentials", "settings")} == {"good"}
    _, found = doctor(make_stage(profile_name="nobody"))
    (told,) = [one for one in found if one["topic"] == "credentials"]
    assert told["level"] == "fault" and "nobody" in told["says"]


@pytest.mark.parametrize(
    ("reason", "said", "part"),
    [
        ("SignatureDoesNotMatch", "Signature expired: 20260101T000000Z is now earlier than …", "chronyc"),
        ("SignatureDoesNotMatch", "Signature not yet current: 20260101T000000Z is still later than …", "chronyc"),
        ("SignatureDoesNotMatch", "The request signature we calculated does not match", "aws configure"),
        ("ExpiredToken", "The security token included in the request is expired", "aws sso login"),
        ("EndpointConnectionError", "Could not connect to https://sts.us-esat-1.amazonaws.com/", "aws_region"),
    ],
)
def test_unknown_credentials_are_explained(reason: str, said: str, part: str) -> None:
    assert part in fix_identity(AwsFailure("get_caller_identity", reason, said))


@pytest.mark.usefixtures("aws")
def test_the_local_stage_is_examined_with_the_environment(
    tmp_path: Path, gateway: RunningGateway, doctor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "zappa_settings.json"
    file.write_text('{"local": {"environment_variables": {}}}')
    monkeypatch.setenv("ACCESS_ES_STATE", str(tmp_path / "state"))
    status, found = doctor(file, "local")
    assert status == 1 and "ES_ENDPOINT is missing" in found[0]["says"]
    monkeypatch.setenv("ES_ENDPOINT", gateway.url)
    monkeypatch.setenv("ES_REGION", "us-east-1")
    status, found = doctor(file, "local")
    assert status == 0 and {one["level"] for one in found if one["topic"] not in ("clock", "roles")} == {"good"}
    assert [one["level"] for one in found if one["topic"] == "roles"] == ["warning"]


def test_without_credentials_the_rest_waits(
    make_stage: MakeStage, doctor: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    for name, value in (("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")):
        monkeypatch.setenv(name, value)
    status, found = doctor(make_stage())
    assert status == 1 and found[-1]["topic"] == "credentials" and "aws configure" in found[-1]["fix"]
    status, found = doctor(make_stage({"ES_ENDPOINT": ""}))
    assert [one["topic"] for one in found[-2:]] == ["credentials", "settings"], "what the file alone tells is told"


def test_a_faulty_value_may_stand_in_config(make_stage: MakeStage, aws: Calls, doctor: Any) -> None:
    file = make_stage()
    place = json.loads(file.read_text())["dev"]["environment_variables"]["CONFIG"]
    aws(
        "ssm",
        "put_parameter",
        Name=place.removeprefix("ssm:"),
        Type="SecureString",
        Value='{"SESSION_SECRET": "short"}',
    )
    (told,) = [one for one in doctor(file)[1] if "SESSION_SECRET" in one["says"]]
    assert told["fix"] == f"change it in zappa_settings.json, stage dev, or in {place}"


@pytest.mark.usefixtures("aws")
def test_a_key_of_zappas_is_not_changed_in_config(make_stage: MakeStage, doctor: Any) -> None:
    (told,) = [one for one in doctor(make_stage(aws_region=""))[1] if "aws_region" in one["says"]]
    assert told["fix"] == "change it in zappa_settings.json, stage dev"


@pytest.mark.usefixtures("aws")
def test_a_config_that_is_no_place_is_not_where_to_change_it(make_stage: MakeStage, doctor: Any) -> None:
    (told,) = [one for one in doctor(make_stage({"CONFIG": "/access-es/dev"}))[1] if "CONFIG" in one["says"]]
    assert told["fix"] == "change it in zappa_settings.json, stage dev"


@pytest.mark.usefixtures("aws")
def test_a_role_that_may_not_be_assumed_is_reported(
    make_stage: MakeStage, gateway: RunningGateway, doctor: Any
) -> None:
    role = "arn:aws:iam::123456789012:role/reader"
    file = make_stage({**reached(gateway), "ES_ROLE_ARN": role})
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("AWS_ENDPOINT_URL_STS", "http://127.0.0.1:9")
        settings = read_deployment(file, "dev", "1", lambda place: json.dumps({"SESSION_SECRET": "s" * 40})).settings
        (told,) = ask_domain(settings, None, {})
    assert told.topic == "credentials" and f"sts:AssumeRole on {role}" in told.fix


@pytest.mark.parametrize(
    ("endpoint", "begin", "levels"), [("REGIONAL", "240 s", ["good"]), ("EDGE", "24 s", ["good", "warning"])]
)
def test_the_limits_of_an_api_that_streams(endpoint: str, begin: str, levels: list[str], make_stage: MakeStage) -> None:
    file = make_stage({"STREAMING": "true"}, endpoint_configuration=[endpoint])
    stage = read_deployment(file, "dev", "1", lambda place: json.dumps({"SESSION_SECRET": "s" * 40}))
    found = list(check_limits(stage))
    assert [one.level for one in found] == levels and begin in found[0].says and "209,715,200" in found[0].says


@pytest.mark.usefixtures("aws")
def test_for_people_each_line_has_its_remedy_below(
    make_stage: MakeStage, gateway: RunningGateway, capsys: pytest.CaptureFixture[str]
) -> None:
    file = make_stage(reached(gateway), debug=True)
    assert main(["--settings", str(file), "--stage", "dev", "doctor"]) == 1
    lines = capsys.readouterr().out.splitlines()
    at = next(number for number, line in enumerate(lines) if line.startswith("!!  zappa"))
    assert "debug is on" in lines[at] and lines[at + 1].strip() == 'fix: "debug": false'


@pytest.mark.usefixtures("aws")
def test_the_deployed_function_is_compared_with_the_settings(aws: Calls, make_stage: MakeStage, deploy: Deploy) -> None:
    file = make_stage()
    name = deploy(file)
    aws("lambda", "update_function_configuration", FunctionName=name, Timeout=30)
    everybody = {"FunctionName": name, "StatementId": "open", "Action": "lambda:InvokeFunction", "Principal": "*"}
    aws("lambda", "add_permission", **everybody)
    prepared = prepare(file, "dev")
    found = list(check_function(prepared.deployment, prepared.found, prepared.call))
    assert [one.level for one in found] == ["warning", "fault"]
    assert "timeout_seconds 30" in found[0].says and found[0].fix == "zappa update dev"
    assert f"remove-permission --function-name {name} --statement-id open" in found[1].fix


def test_the_deployed_api_is_looked_at(make_stage: MakeStage, aws: Calls) -> None:
    deployment = prepare(make_stage(), "dev").deployment
    api = {"id": "a", "endpointConfiguration": {"types": ["EDGE"]}, "minimumCompressionSize": 0}
    found = list(check_api(deployment, Found({}, None, FoundFunction(), FoundApi(api, {}), None)))
    assert [(one.level, "zappa update dev" in one.fix) for one in found] == [("fault", True), ("warning", True)]


def test_what_iam_would_refuse_is_named_action_by_action(make_stage: MakeStage, aws: Calls) -> None:
    """moto has no simulation, so that IAM's answers are written here as its API reference has them."""
    prepared = prepare(make_stage(), "dev")
    asked: list[str] = []

    def simulate(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        assert operation == "simulate_principal_policy" and parameters["PolicySourceArn"].startswith("arn:aws:iam::")
        asked.extend(parameters["ActionNames"])
        return {
            "EvaluationResults": [
                {"EvalActionName": name, "EvalResourceName": resource, "EvalDecision": "implicitDeny" if name == "es:ESHttpPost" else "allowed"}
                for name in parameters["ActionNames"]
                for resource in parameters["ResourceArns"]
            ]
        }  # fmt: skip

    policy = desired_policy(prepared.deployment, prepared.found)
    (found,) = check_permissions(prepared.deployment, policy, simulate)
    assert "lacks es:ESHttpPost on arn:aws:es:us-east-1:123456789012:domain/logs/*" in found.says
    assert found.fix == "python -m access_es --stage dev provision" and not [name for name in asked if "*" in name]


def test_what_cannot_be_simulated_is_not_known(make_stage: MakeStage, aws: Calls) -> None:
    prepared = prepare(make_stage(manage_roles=False), "dev")

    def refuse(service: str, operation: str, **parameters: Any) -> dict[str, Any]:
        raise AwsFailure(operation, "AccessDenied", "no")

    (found,) = check_permissions(prepared.deployment, desired_policy(prepared.deployment, prepared.found), refuse)
    assert found.level == "unknown" and "iam:SimulatePrincipalPolicy" in found.fix
