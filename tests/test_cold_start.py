"""What a start in Lambda loads until it has answered its first request: every module more is waited for by people."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.lambda_process import add_alice, environment_of

NOWHERE = "http://127.0.0.1:9"  # signed, and a connection is tried
START = """
import dataclasses, json, sys


from access_es import lambda_handler


def ask(path, token=""):
    event = {"requestContext": {"path": path, "stage": "dev"}, "httpMethod": "GET", "path": path,
             "resource": "/{proxy+}", "headers": {"Authorization": f"Bearer {token}"} if token else {}}
    answer = lambda_handler.lambda_handler(event, None)
    return {"status": answer["statusCode"], "body": answer["body"], "modules": sorted(sys.modules)}


values = [cls for name, module in list(sys.modules.items()) if name.startswith("access_es")
          for cls in vars(module).values() if dataclasses.is_dataclass(cls) and cls.__module__ == name]
standard = sorted({cls.__qualname__ for cls in values if cls.__dataclass_params__.init})
print("ASKED", json.dumps({"kibana": ask("/_plugin/kibana/", sys.argv[1]), "sign-in": ask("/--access-es/login"),
                           "standard": standard}))
"""
# Each takes milliseconds to load, and none has a part in a request that goes on to the domain.
NOT_LOADED = (
    "asyncio", "boto3", "click", "cryptography", "flask", "flask_login", "jinja2", "jwt", "multiprocessing",
    "s3transfer", "werkzeug", "zappa", "access_es.door_probe", "access_es.mounting", "access_es.streaming",
)  # fmt: skip
MOST_MODULES = 185  # of our own, with everything set
EVERYTHING = {
    "OIDC_ISSUER": "https://login.example.com/realms/team", "OIDC_CLIENT_ID": "access-es", "OIDC_ALLOW": "everyone",
    "OIDC_CLIENT_SECRET": "s" * 40, "OVERFLOW_BUCKET": "overflow", "TASKS_TABLE": "access-es-dev-tasks",
    "PERMISSIONS": json.dumps({"roles": {"viewer": {"read": ["logs-*"], "dashboards": "view"}}, "default": ["viewer"]}),
    "CONTACT": "search@example.com",
    "OIDC_MACHINES": json.dumps([
        {"name": "ci", "issuer": "https://ci.example.com", "audience": "us", "claims": {"repository": "a/b"}}
    ]),
}  # fmt: skip


@pytest.fixture(scope="module", params=[{}, EVERYTHING], ids=["least", "everything"])
def asked(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("lambda")
    token = add_alice(folder, NOWHERE)
    environment = environment_of(folder, NOWHERE, **request.param) | {"AWS_LAMBDA_FUNCTION_NAME": "access-es-dev"}
    done = subprocess.run(
        [sys.executable, "-c", START, token], cwd=folder, env=environment, capture_output=True, text=True, timeout=60
    )
    line = next((line for line in done.stdout.splitlines() if line.startswith("ASKED ")), None)
    assert line, done.stderr
    found: dict[str, Any] = json.loads(line.removeprefix("ASKED "))
    return found


def loaded(asked: dict[str, Any]) -> list[str]:
    assert json.loads(asked["kibana"]["body"])["error"]["code"] == "domain_unreachable"  # it came as far as the domain
    modules: list[str] = asked["kibana"]["modules"]
    return modules


def test_a_request_that_goes_on_loads_nothing_that_it_does_not_need(asked: dict[str, Any]) -> None:
    names = ({name, name.partition(".")[0]} for name in loaded(asked))
    found = set().union(*names) & set(NOT_LOADED)
    assert found == set()


def test_there_are_not_many_modules(asked: dict[str, Any]) -> None:
    own = [name for name in loaded(asked) if name.startswith("access_es")]
    assert len(own) <= MOST_MODULES, own


def test_values_are_compiled_when_they_are_made(asked: dict[str, Any]) -> None:
    """`access_es.lazy_dataclass` says what the standard decorator costs at every start. An entry is no frozen value."""
    assert asked["standard"] == ["Entry"]


def test_the_sign_in_page_comes_all_the_same(asked: dict[str, Any]) -> None:
    assert asked["sign-in"]["status"] == 200 and 'name="password"' in asked["sign-in"]["body"]
    assert "flask" in asked["sign-in"]["modules"]


def test_the_client_that_every_sign_in_asks_is_made_at_the_start(tmp_path: Path) -> None:
    """Then the processor is a whole one, and nothing is collected while modules load; a request has neither."""
    environment = environment_of(tmp_path, NOWHERE, USERS="dynamodb:access-es-users")
    environment |= {"AWS_LAMBDA_FUNCTION_NAME": "access-es-dev", "AWS_REGION": "us-east-1"}
    code = "import sys; from access_es import lambda_handler; print('MADE', 'botocore.client' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    assert "MADE True" in done.stdout, done.stderr
