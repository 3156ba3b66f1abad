"""A stage in a settings file of its own, and AWS to provision it in."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from access_es.provision.calls import Calls
from tests.moto_server import REGION, moto_environment


def integration_uri(function: str) -> str:
    """As Zappa writes it."""
    arn = f"arn:aws:lambda:{REGION}:123456789012:function:{function}"
    return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"


MakeStage = Callable[..., Path]
SHIPPED = json.loads((Path(__file__).parent.parent.parent / "zappa_settings.json").read_text())["dev"]
ENDPOINT = "https://search-logs-abc.us-east-1.es.amazonaws.com"


@pytest.fixture
def aws(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> Calls:
    for name, value in moto_environment(moto_url).items():
        monkeypatch.setenv(name, value)
    return Calls(REGION, None)


@pytest.fixture
def make_stage(tmp_path: Path) -> MakeStage:
    """The stage `dev` as it is shipped and then filled in, with names that no other test has."""
    unique = secrets.token_hex(4)

    def make(variables: dict[str, str] | None = None, **keys: Any) -> Path:
        filled = {
            "ES_ENDPOINT": ENDPOINT,
            "USERS": f"dynamodb:users-{unique}",
            "TASKS_TABLE": f"tasks-{unique}",
            "OVERFLOW_BUCKET": f"overflow-{unique}",
            "CONFIG": f"ssm:/access-es/{unique}",
            **(variables or {}),
        }
        stage = {**SHIPPED, "project_name": f"p{unique}", "environment_variables": filled, **keys}
        file = tmp_path / "zappa_settings.json"
        file.write_text(json.dumps({"dev": stage}))
        return file

    return make


@pytest.fixture
def profile(aws: Calls, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Credentials that only the name of their profile leads to."""
    names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")
    lines = [f"{name.lower()} = {os.environ[name]}" for name in names]
    (tmp_path / "credentials").write_text("\n".join(["[work]", *lines]))
    for name in names:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return "work"


@pytest.fixture
def deploy(aws: Calls, make_stage: MakeStage) -> Callable[[Path], str]:
    """What Zappa would have made: a role, a function and a REST API, by the function's name."""

    def make(file: Path) -> str:
        name = f"{json.loads(file.read_text())['dev']['project_name']}-dev"
        trust = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}  # fmt: skip
        role = aws("iam", "create_role", RoleName=f"{name}-ZappaLambdaExecutionRole", AssumeRolePolicyDocument=json.dumps(trust))  # fmt: skip
        aws(
            "lambda", "create_function", FunctionName=name, Runtime="python3.11", Role=role["Role"]["Arn"], Handler="a.b",
            Code={"ZipFile": b"PK\5\6" + bytes(18)}, Timeout=900, MemorySize=1024,
        )  # fmt: skip
        api = aws("apigateway", "create_rest_api", name=name, endpointConfiguration={"types": ["REGIONAL"]})["id"]
        root = aws("apigateway", "get_resources", restApiId=api)["items"][0]["id"]
        aws("apigateway", "put_method", restApiId=api, resourceId=root, httpMethod="ANY", authorizationType="NONE")
        aws(
            "apigateway", "put_integration", restApiId=api, resourceId=root, httpMethod="ANY", type="AWS_PROXY",
            integrationHttpMethod="POST", uri=integration_uri(name),
        )  # fmt: skip
        aws("apigateway", "create_deployment", restApiId=api, stageName="dev")
        return name

    return make
