"""CONFIG: settings that change without a deployment, and never a start without them."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from access_es.aws import make_client
from access_es.errors import AwsFailure, SettingsError
from access_es.settings import remote
from access_es.settings.names import NAMES
from access_es.settings.read import read_settings
from access_es.settings.remote import apply_config, fetch_config
from access_es.settings.stage import read_stage
from tests.lambda_process import environment_of, start
from tests.moto_server import REGION, moto_environment

GOOD = {
    "ES_ENDPOINT": "search-logs-abc.eu-west-1.es.amazonaws.com",
    "USERS": "dynamodb:users",
    "CONFIG": "ssm:/access-es/dev",
}


def faults(text: str, **changes: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        apply_config({**GOOD, **changes}, lambda _: text)
    return refused.value.faults


def test_its_values_win_over_those_that_were_deployed() -> None:
    text = json.dumps({"SESSION_SECRET": "s" * 32, "USERS": "dynamodb:others"})
    settings = read_settings(apply_config({**GOOD, "SESSION_SECRET": "d" * 32}, lambda _: text))
    assert (settings.session_secrets, settings.users) == (("s" * 32,), "dynamodb:others")


def test_without_it_nothing_is_asked() -> None:
    def fetch(place: str) -> str:
        raise AssertionError(place)

    assert apply_config({"USERS": "x", "CONFIG": " "}, fetch) == {"USERS": "x", "CONFIG": " "}


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("", "no JSON"),
        ('{"SESSION_SECRET": "geheim",', "no JSON"),
        ("[]", "not an object"),
    ],
)
def test_what_is_no_object_is_a_fault_that_shows_no_secret(text: str, part: str) -> None:
    told = faults(text)
    assert len(told) == 1 and part in told[0] and "geheim" not in told[0]
    assert told[0].startswith("CONFIG: what lies in ssm:/access-es/dev is ")


def test_its_faults_come_together_with_all_others() -> None:
    text = json.dumps(
        {"ES_ENDPIONT": "x", "SESSION_HOURS": 12, "CONFIG": "ssm:/other", "COLOUR": "red", "USERS": "mysql"}
    )
    assert [fault.split()[0].rstrip(":") for fault in faults(text, FRONT_DOOR="cgi")] == [
        "ES_ENDPIONT", "SESSION_HOURS", "CONFIG", "COLOUR", "SESSION_SECRET", "USERS", "FRONT_DOOR",
    ]  # fmt: skip


def test_a_setting_may_take_an_object(monkeypatch: pytest.MonkeyPatch) -> None:
    """It arrives as the same JSON as text does; all others want text."""
    rows = {**NAMES, "HOME_PATH": replace(NAMES["HOME_PATH"], takes_object=True)}
    monkeypatch.setattr(remote, "NAMES", rows)
    values, wrong = remote.read_config('{"HOME_PATH": {"a": ["é", 1]}, "USERS": {}}')
    assert (json.loads(values["HOME_PATH"]), len(values)) == ({"a": ["é", 1]}, 1)
    assert wrong == ["USERS: must be text in quotes (in CONFIG)."]
    assert remote.read_config('{"HOME_PATH": 5}')[1] == [
        "HOME_PATH: must be text in quotes, an object or a list (in CONFIG)."
    ]


@pytest.mark.parametrize("place", ["ssm:name", "s3://bucket", "s3://B_/key", "https://x/y", "ssm:/a b"])
def test_a_place_that_cannot_be_is_a_fault(place: str) -> None:
    assert (
        "CONFIG" in faults("{}", CONFIG=place)[0]
        and "s3://<bucket>/<key> or ssm:/<name>" in faults("{}", CONFIG=place)[0]
    )


@pytest.mark.parametrize(
    ("reason", "place", "part"),
    [
        (
            "ParameterNotFound",
            "ssm:/a/b",
            "not exist; python -m access_es --stage <stage> provision makes it, or aws ssm put-parameter",
        ),
        ("NoSuchKey", "s3://bucket/key", "does not exist; aws s3 cp config.json s3://bucket/key"),
        ("AccessDeniedException", "ssm:/a/b", "lack ssm:GetParameter"),
        ("AccessDenied", "s3://bucket/key", "does not exist, or these credentials lack s3:GetObject"),
        ("InternalServerError", "ssm:/a/b", "cannot be read: InternalServerError: gone."),
        ("EndpointConnectionError", "ssm:/a/b", "EndpointConnectionError: gone; set aws_region to an existing region"),
        ("NoCredentialsError", "ssm:/a/b", "aws sso login"),
        ("ExpiredTokenException", "ssm:/a/b", "aws sso login"),
        ("ProfileNotFound", "ssm:/a/b", "aws configure list-profiles"),
    ],
)
def test_what_cannot_be_read_says_why_and_what_to_do(reason: str, place: str, part: str) -> None:
    def fetch(place: str) -> str:
        raise AwsFailure("get", reason, "gone")

    with pytest.raises(SettingsError) as refused:
        apply_config({**GOOD, "CONFIG": place}, fetch)
    assert len(refused.value.faults) == 1 and part in refused.value.faults[0]


@pytest.fixture
def aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in moto_environment(moto_url).items():
        monkeypatch.setenv(name, value)


@pytest.mark.usefixtures("aws")
def test_it_comes_from_a_parameter_and_from_an_object() -> None:
    clients: list[Any] = [make_client(name, REGION, read_seconds=60) for name in ("ssm", "s3")]
    clients[0].put_parameter(Name="/config/test", Type="SecureString", Value='{"USERS": "dynamodb:ssm"}')
    clients[1].create_bucket(Bucket="config-test")
    clients[1].put_object(Bucket="config-test", Key="a/b.json", Body='{"USERS": "dynamodb:s3é"}'.encode())
    assert fetch_config("ssm:/config/test") == '{"USERS": "dynamodb:ssm"}'
    assert fetch_config("s3://config-test/a/b.json", REGION) == '{"USERS": "dynamodb:s3é"}'
    with pytest.raises(SettingsError, match="does not exist"):
        apply_config({"CONFIG": "ssm:/config/none"}, fetch_config)
    with pytest.raises(SettingsError, match="does not exist"):
        apply_config({"CONFIG": "s3://config-test/none"}, fetch_config)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        (None, "/config/lambda cannot be read: it does not exist"),
        ('{"SESSION_SECRET": "geheim",', "no JSON"),
        ('{"SESSION_HOURS": 12}', "SESSION_HOURS: must be text in quotes"),
    ],
)
def test_a_function_does_not_start_without_it(moto_url: str, tmp_path: Path, text: str | None, part: str) -> None:
    """Though all that it needs was deployed as well."""
    aws = moto_environment(moto_url)
    with pytest.MonkeyPatch.context() as patched:
        for name, value in aws.items():
            patched.setenv(name, value)
        ssm: Any = make_client("ssm", REGION, read_seconds=60)
    if text is not None:
        ssm.put_parameter(Name="/config/lambda", Type="SecureString", Value=text, Overwrite=True)
    deployed = environment_of(tmp_path, "http://127.0.0.1:9", CONFIG="ssm:/config/lambda")
    process = start(tmp_path, {**deployed, **aws, "AWS_LAMBDA_FUNCTION_NAME": "access-es-dev"})
    assert "LOADED" not in process.communicate(timeout=60)[0] and process.returncode != 0
    said = (tmp_path / "ours.log").read_text()
    assert part in said and "geheim" not in said


@pytest.mark.usefixtures("aws")
def test_on_this_machine_the_environment_wins_over_it(tmp_path: Path) -> None:
    make_client("ssm", REGION, read_seconds=60).put_parameter(
        Name="/config/order", Type="String", Value='{"USERS": "dynamodb:config", "HOME_PATH": "/config"}'
    )
    file = tmp_path / "zappa_settings.json"
    values = {"CONFIG": "ssm:/config/order", "USERS": "dynamodb:stage", "HOME_PATH": "/stage", "ES_REGION": "us-east-1"}
    file.write_text(json.dumps({"dev": {"aws_region": REGION, "environment_variables": values}}))
    read = read_stage(file, "dev", {"USERS": "dynamodb:environment"}).values
    assert (read["USERS"], read["HOME_PATH"], read["ES_REGION"]) == ("dynamodb:environment", "/config", "us-east-1")
