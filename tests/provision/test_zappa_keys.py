"""Settings of Zappa's that are dangerous or cannot work: each is told, with what to write instead."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from access_es.provision.zappa_keys import check_keys
from access_es.settings.file import load_stage_keys

FILE = Path(__file__).parent.parent.parent / "zappa_settings.json"
OTHER = "python3.9"


@pytest.fixture(autouse=True)
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str], None]:
    """What packs: unless a test says otherwise, what the shipped settings are for."""

    def be(system: str, processor: str) -> None:
        monkeypatch.setattr("platform.system", lambda: system)
        monkeypatch.setattr("platform.machine", lambda: processor)

    be("Linux", "x86_64")
    return be


def stage(**changes: Any) -> dict[str, Any]:
    """`dev` as it is shipped, with a domain of its own; a change to None removes a key."""
    keys = {**load_stage_keys(FILE, "dev"), "domain": "kibana.example.com", **changes}
    return {key: value for key, value in keys.items() if value is not None}


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_settings_as_they_are_shipped_are_safe(name: str) -> None:
    found = check_keys(load_stage_keys(FILE, name))
    assert [one.says for one in found if one.level == "fault"] == []
    assert ["domain" in one.says for one in found] == [True], "which only the person who deploys can have"


FAULTS: list[tuple[dict[str, Any], str, str]] = [
    ({"debug": True}, "debug is on", '"debug": false'),
    ({"debug": None}, "debug is on, Zappa's default", '"debug": false'),
    ({"log_level": None}, "cookies, passwords", '"log_level": "INFO"'),
    ({"log_level": "debug"}, "cookies, passwords", '"log_level": "INFO"'),
    ({"cloudwatch_data_trace": True}, "logs every body", '"cloudwatch_data_trace": false'),
    ({"app_function": "app.app"}, "app_function is 'app.app'", "access_es.wsgi.app"),
    ({"lambda_handler": None}, "runs code that an event names", "access_es.lambda_handler.lambda_handler"),
    ({"callbacks": None}, "no tables, no bucket and no policy", "access_es.provision.callbacks"),
    ({"endpoint_configuration": None}, "edge-optimised", "REGIONAL"),
    ({"endpoint_configuration": ["EDGE"]}, "edge-optimised", "REGIONAL"),
    ({"binary_support": False}, "are corrupted", '"binary_support": true'),
    ({"function_url_enabled": True}, "lets every AWS account invoke", "AWS_IAM"),
    ({"iam_authorization": True}, "cannot send a signature", "iam_authorization"),
    ({"api_key_required": True}, "a signature or a key", "api_key_required"),
    ({"authorizer": {"function": "x"}}, "refuses browsers", "authorizer"),
    ({"slim_handler": True}, "cannot start", '"slim_handler": false'),
    ({"timeout_seconds": 10}, "before the gateway stops waiting", "900"),
    ({"timeout_seconds": 901}, "at the latest", "900"),
    ({"memory_size": 10_241}, "Lambda offers less", "1024"),
    ({"domain": "https://kibana.example.com/"}, "only a host name", '"domain": "kibana.example.com"'),
    ({"memory_size": 128}, "large answers need more", "1024"),
    ({"exclude": ["*.json"]}, "removes endpoints.json", "exclude_glob"),
    ({"exclude": ["docs"]}, "removes docs", "exclude_glob"),
    ({"exclude": ["boto*"]}, "removes boto3", "exclude_glob"),
    ({"runtime": OTHER}, "compiled libraries and bytecode", OTHER),
    ({"architecture": "other"}, "compiled libraries would not work", "deploy from other"),
    ({"attach_policy": None}, "allows s3:*", "no_permissions.json"),
    ({"vpc_config": {"SubnetIds": ["subnet-1"]}}, "no SecurityGroupIds", "SecurityGroupIds"),
    ({"vpc_config": {"SecurityGroupIds": ["sg-1"]}}, "no SubnetIds", "SubnetIds"),
    ({"remote_env": "s3://b/k"}, "starts without it", "CONFIG"),
]
WARNINGS: list[tuple[dict[str, Any], str, str]] = [
    ({"payload_compression": None}, "payload_compression is on", '"payload_compression": false'),
    ({"cors": True}, "answers preflights itself", '"cors": false'),
    ({"timeout_seconds": 60}, "longer queries fail", "900"),
    ({"prebuild_script": None}, "compiles all code", "packaging.compile_all"),
    ({"base_path": "es"}, "before every path", 'remove "base_path"'),
    ({"domain": None}, "domain is not set", "certify"),
    ({"touch_path": None}, "a slow domain", "/--access-es/health"),
    ({"async_response_table": "x"}, "TASKS_TABLE", "remove"),
    ({"use_precompiled_packages": None}, "that were left out", "false"),
]


@pytest.mark.parametrize(("changes", "says", "fix"), FAULTS, ids=[json.dumps(one[0])[:50] for one in FAULTS])
def test_what_is_dangerous_or_cannot_work_is_a_fault(changes: dict[str, Any], says: str, fix: str) -> None:
    found = [one for one in check_keys(stage(**changes)) if one.level == "fault"]
    assert found and says in found[0].says and fix in found[0].fix


@pytest.mark.parametrize(("changes", "says", "fix"), WARNINGS, ids=[json.dumps(one[0])[:50] for one in WARNINGS])
def test_what_costs_something_is_a_warning(changes: dict[str, Any], says: str, fix: str) -> None:
    (found,) = check_keys(stage(**changes))
    assert (found.level, says in found.says, fix in found.fix) == ("warning", True, True)


def test_harmless_variants_are_none() -> None:
    running = f"python{sys.version_info.major}.{sys.version_info.minor}"
    url = {"function_url_enabled": True, "function_url_config": {"authorizer": "AWS_IAM"}}
    assert check_keys(stage(runtime=running, endpoint_configuration=["PRIVATE"], **url)) == []


def test_a_machine_of_another_kind_packs_for_its_own_kind(machine: Callable[[str, str], None]) -> None:
    machine("Linux", "aarch64")
    assert check_keys(stage(architecture="arm64")) == []
    (found,) = check_keys(stage())
    assert found.level == "fault" and '"architecture": "arm64"' in found.fix
    machine("Darwin", "x86_64")
    (found,) = check_keys(stage())
    assert found.level == "fault" and "Linux machine" in found.fix


@pytest.mark.parametrize(
    "door", [{"apigateway_version": "v2"}, {"apigateway_enabled": False}, {"use_apigateway": False}], ids=json.dumps
)
def test_other_doors_have_no_rules_of_a_rest_api(door: dict[str, Any]) -> None:
    assert check_keys(stage(endpoint_configuration=None, payload_compression=None, **door)) == []
