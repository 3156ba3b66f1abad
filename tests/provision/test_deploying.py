"""The callbacks, called by Zappa's own command line up to where it would ask AWS for its own things."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from zappa.cli import ZappaCLI

from access_es.provision.calls import Calls
from access_es.provision.deploying import deployment_bucket
from access_es.provision.prepare import prepare
from tests.provision.conftest import SHIPPED, MakeStage

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # Zappa loads callbacks in the old way


@pytest.fixture
def zappa(aws: Calls, make_stage: MakeStage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Runs Zappa as far as its settings, in a project of its own, and gives its ZappaCLI."""
    shutil.copytree(ROOT / "access_es" / "provision", tmp_path / "access_es" / "provision")
    monkeypatch.chdir(tmp_path)

    def run(command: str, stage: str = "dev", variables: dict[str, str] | None = None, **keys: Any) -> Any:
        file = make_stage(variables, **keys)
        stages = json.loads(file.read_text())
        file.write_text(json.dumps({**stages, "local": {key: SHIPPED[key] for key in ("callbacks", "attach_policy")}}))
        cli = ZappaCLI()
        cli.command, cli.vargs, cli.api_stage = command, {"settings_file": None}, stage
        cli.load_settings()
        cli.callback("settings")
        cli.zip_path = str(tmp_path / "package.zip")
        zipfile.ZipFile(cli.zip_path, "w").close()
        return cli

    return run


def test_a_deployment_gets_the_policy_of_its_settings_and_one_bucket(zappa: Any, tmp_path: Path) -> None:
    cli = zappa("deploy")
    prepared = prepare(tmp_path / "zappa_settings.json", "dev")
    statements = json.loads(cli.zappa.attach_policy)["Statement"]
    assert {"Log", "AskDomain", "KnowUsers"} <= {statement["Sid"] for statement in statements}
    assert cli.s3_bucket_name == deployment_bucket(prepared.deployment)
    assert prepared.plan.steps, "nothing is made yet"


def test_zappa_adds_extra_permissions_and_then_it_is_the_policy_that_is_wanted(zappa: Any, tmp_path: Path) -> None:
    extra = {"Sid": "Mine", "Effect": "Allow", "Action": ["sqs:SendMessage"], "Resource": ["arn:aws:sqs:us-east-1:1:q"]}
    cli = zappa("deploy", extra_permissions=[extra])
    cli.zappa.create_iam_roles()
    prepared = prepare(tmp_path / "zappa_settings.json", "dev")
    assert prepared.found.function.policy is not None and extra in prepared.found.function.policy["Statement"]
    assert "iam:put_role_policy" not in [f"{step.service}:{step.operation}" for step in prepared.plan.steps]


def test_an_own_policy_and_an_own_bucket_stay(zappa: Any, tmp_path: Path) -> None:
    (tmp_path / "mine.json").write_text('{"Version": "2012-10-17", "Statement": []}')
    cli = zappa("deploy", attach_policy="mine.json", s3_bucket="mine")
    assert json.loads(cli.zappa.attach_policy)["Statement"] == [] and cli.s3_bucket_name == "mine"


def test_everything_is_made_before_the_function_is(
    zappa: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    zappa("update").callback("zip")
    assert prepare(tmp_path / "zappa_settings.json", "dev").plan.steps == ()
    assert "Provisioned: create the bucket" in capsys.readouterr().out


def test_other_commands_ask_aws_for_nothing(zappa: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:9")
    cli = zappa("status", variables={"ES_ENDPOINT": ""})
    for name in ("zip", "post"):
        cli.callback(name)


def test_before_ours_the_attached_policy_allows_nothing() -> None:
    policy = json.loads((ROOT / SHIPPED["attach_policy"]).read_text())
    assert [statement["Effect"] for statement in policy["Statement"]] == ["Deny"]


@pytest.mark.parametrize(
    ("stage", "variables", "keys", "part"),
    [
        ("local", {}, {}, "The stage 'local' is for this machine"),
        ("dev", {"ES_ENDPOINT": ""}, {}, "ES_ENDPOINT is missing"),
        ("dev", {"USERS": "file:x"}, {}, "a Lambda function has no permanent files"),
        (
            "dev",
            {"CONFIG": "s3://nobody-has-this-bucket/x"},
            {},
            "CONFIG: s3://nobody-has-this-bucket/x cannot be read",
        ),
        ("dev", {}, {"debug": True}, '"debug": false'),
        ("dev", {}, {"timeout_seconds": "900"}, "timeout_seconds: must be a whole number"),
        ("dev", {}, {"function_url_enabled": True}, "lets every AWS account invoke the function"),
        ("dev", {}, {"endpoint_configuration": None}, '"endpoint_configuration": ["REGIONAL"]'),
    ],
)
def test_what_cannot_work_is_not_deployed(
    stage: str, variables: dict[str, str], keys: dict[str, Any], part: str, zappa: Any
) -> None:
    with pytest.raises(SystemExit) as refused:
        zappa("deploy", stage, variables, **keys)
    assert part in str(refused.value)
