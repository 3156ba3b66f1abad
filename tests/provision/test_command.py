"""`python -m access_es provision`."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from access_es.cli import main
from tests.provision.conftest import MakeStage

pytestmark = pytest.mark.heavy


def run(file: Path, *words: str, stage: str = "dev") -> int:
    return main(["--settings", str(file), "--stage", stage, "provision", *words])


@pytest.mark.usefixtures("aws")
def test_the_plan_shows_steps_and_does_none_of_them(make_stage: MakeStage, capsys: pytest.CaptureFixture[str]) -> None:
    file = make_stage()
    for _ in range(2):
        assert run(file, "--plan") == 0
        shown = capsys.readouterr().out
        assert "would create the table users-" in shown and "(dynamodb:create_table)" in shown and "later" in shown
    assert run(file, "--plan", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["steps"][0]["action"] == "ssm:put_parameter" and facts["obstacles"] == []


@pytest.mark.usefixtures("aws")
def test_it_makes_what_is_missing_and_then_has_nothing_to_do(
    make_stage: MakeStage, capsys: pytest.CaptureFixture[str]
) -> None:
    file = make_stage()
    assert run(file) == 0
    assert "done  create the table users-" in capsys.readouterr().out
    assert run(file, "--json") == 0
    assert json.loads(capsys.readouterr().out)["done"] == []
    assert run(file) == 0
    assert "Nothing to do." in capsys.readouterr().out


@pytest.mark.usefixtures("aws")
def test_the_policy_is_shown_for_those_who_manage_roles_elsewhere(
    make_stage: MakeStage, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(make_stage(manage_roles=False), "--policy") == 0
    assert json.loads(capsys.readouterr().out)["Version"] == "2012-10-17"


@pytest.mark.usefixtures("aws")
def test_nothing_is_deleted_without_a_yes(
    make_stage: MakeStage, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = make_stage()
    assert run(file) == 0
    monkeypatch.setattr("sys.stdin", io.StringIO())
    assert run(file, "--remove-data") == 1
    assert "would delete the table users-" in (told := capsys.readouterr()).out and "Use --yes" in told.err
    assert run(file, "--remove-data", "--yes") == 0
    assert "done  delete the bucket overflow-" in capsys.readouterr().out


def test_the_local_stage_needs_nothing(make_stage: MakeStage, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_stage(), stage="local") == 0
    assert "--stage dev provision" in capsys.readouterr().out


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_SESSION_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nowhere")
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")


@pytest.mark.usefixtures("no_credentials")
@pytest.mark.parametrize("option", ["--plan", "--policy"])
@pytest.mark.parametrize("config", ["", "ssm:/access-es/dev"])
def test_settings_are_checked_before_credentials(
    make_stage: MakeStage, capsys: pytest.CaptureFixture[str], option: str, config: str
) -> None:
    wrong = {"ES_SIGN": "maybe", "ES_REGION": "us-esat-1", "CONFIG": config, "SESSION_SECRET": "s" * 40}
    assert run(make_stage(wrong, aws_region="eu-wst-1"), option) == 1
    said = capsys.readouterr().err
    assert "ES_SIGN: 'maybe' must be true or false." in said and "AWS does not" not in said
    assert "aws_region: 'eu-wst-1' is not a region of AWS; the nearest name is eu-west-1." in said
    assert "ES_REGION: 'us-esat-1' is not a region of AWS; the nearest name is us-east-1." in said


@pytest.mark.usefixtures("no_credentials")
def test_without_credentials_it_says_so(make_stage: MakeStage, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_stage(), "--plan") == 1
    assert "No valid AWS credentials (NoCredentialsError): run aws configure" in capsys.readouterr().err


@pytest.mark.usefixtures("aws")
def test_an_unknown_stage_is_named(make_stage: MakeStage, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(make_stage(), stage="qa") == 1
    assert "has no stage 'qa'; it has: dev" in capsys.readouterr().err
