"""A REST API that is to stream, or not any more: planned, done, and done again after what Zappa does in between."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from access_es.demo.cloud.rest_integrations import is_published_streaming
from access_es.errors import AwsFailure
from access_es.front_doors import STREAM_VARIABLE
from access_es.provision.apply import apply
from access_es.provision.calls import Calls
from access_es.provision.integrations import published_variables
from access_es.provision.prepare import Prepared, prepare
from access_es.provision.step import Plan
from tests.provision.conftest import MakeStage, integration_uri

pytestmark = pytest.mark.heavy
Deploy = Callable[[Path], str]


def run(file: Path) -> Prepared:
    prepared = prepare(file, "dev")
    apply(prepared.plan, prepared.call, lambda what: None)
    return prepare(file, "dev")


def api_steps(prepared: Prepared) -> list[str]:
    return [step.operation for step in prepared.plan.steps if step.service == "apigateway"]


def api_of(prepared: Prepared) -> str:
    assert prepared.found.api is not None
    return str(prepared.found.api.api["id"])


def variables(aws: Calls, prepared: Prepared) -> dict[str, str]:
    found: dict[str, str] = aws("apigateway", "get_stage", restApiId=api_of(prepared), stageName="dev")["variables"]
    return found


def is_published(prepared: Prepared) -> bool:
    return is_published_streaming(os.environ["AWS_ENDPOINT_URL"], api_of(prepared), "dev")


def integration(aws: Calls, prepared: Prepared) -> dict[str, Any]:
    (resource,) = aws("apigateway", "get_resources", restApiId=api_of(prepared))["items"]
    place = {"restApiId": api_of(prepared), "resourceId": resource["id"], "httpMethod": "ANY"}
    return aws("apigateway", "get_integration", **place)


def test_there_and_back(aws: Calls, make_stage: MakeStage, deploy: Deploy) -> None:
    plain, streaming = {"STREAMING": "false"}, {"STREAMING": "true"}
    name = deploy(make_stage(plain))
    before = run(make_stage(plain))
    assert before.plan == Plan() and STREAM_VARIABLE not in variables(aws, before)

    assert api_steps(prepare(make_stage(streaming), "dev")) == ["update_integration", "create_deployment"]
    on = run(make_stage(streaming))
    assert on.plan == Plan() and is_published(on) and variables(aws, on) == {STREAM_VARIABLE: "300"}
    found = integration(aws, on)
    assert (found["responseTransferMode"], found["timeoutInMillis"]) == ("STREAM", 900_000)
    assert found["uri"].endswith(f":{name}/response-streaming-invocations") and "/2021-11-15/" in found["uri"]

    off = run(make_stage(plain))
    assert off.plan == Plan() and not is_published(off) and variables(aws, off) == {STREAM_VARIABLE: "0"}
    found = integration(aws, off)
    assert (found["responseTransferMode"], found["timeoutInMillis"]) == ("BUFFERED", 29_000)
    assert found["uri"] == integration_uri(name)


def test_zappa_update_in_between_publishes_what_is_true(aws: Calls, make_stage: MakeStage, deploy: Deploy) -> None:
    """It deploys the API by itself, with the variables that it is given; CloudFormation may reset the integration."""
    file = make_stage({"STREAMING": "true"})
    name = deploy(file)
    prepared = run(file)
    place = {"restApiId": api_of(prepared), "stageName": "dev"}
    aws("apigateway", "create_deployment", **place, variables=published_variables(aws, place["restApiId"], "dev"))
    assert is_published(prepared) and variables(aws, prepared) == {STREAM_VARIABLE: "300"}

    (resource,) = aws("apigateway", "get_resources", restApiId=place["restApiId"])["items"]
    reset = [("/uri", integration_uri(name)), ("/responseTransferMode", "BUFFERED"), ("/timeoutInMillis", "29000")]
    aws(
        "apigateway", "update_integration", restApiId=place["restApiId"], resourceId=resource["id"], httpMethod="ANY",
        patchOperations=[{"op": "replace", "path": path, "value": value} for path, value in reset],
    )  # fmt: skip
    aws("apigateway", "create_deployment", **place, variables=published_variables(aws, place["restApiId"], "dev"))
    assert not is_published(prepared) and variables(aws, prepared) == {STREAM_VARIABLE: "0"}
    assert api_steps(prepare(file, "dev")) == ["update_integration", "create_deployment"]
    assert is_published(run(file))


def test_a_stage_whose_variable_got_lost_is_published_again(aws: Calls, make_stage: MakeStage, deploy: Deploy) -> None:
    file = make_stage({"STREAMING": "true"})
    deploy(file)
    prepared = run(file)
    aws("apigateway", "create_deployment", restApiId=api_of(prepared), stageName="dev", variables={"theirs": "x"})
    assert api_steps(prepare(file, "dev")) == ["create_deployment"]
    assert variables(aws, run(file)) == {"theirs": "x", STREAM_VARIABLE: "300"}


def test_where_nothing_ever_streamed_nothing_is_said(aws: Calls, make_stage: MakeStage, deploy: Deploy) -> None:
    file = make_stage()
    deploy(file)
    assert published_variables(aws, api_of(prepare(file, "dev")), "dev") == {}


@pytest.mark.parametrize("path", ["/uri", "/responseTransferMode"])
def test_the_emulated_api_takes_address_and_mode_together_only(
    aws: Calls, make_stage: MakeStage, deploy: Deploy, path: str
) -> None:
    deploy(make_stage({"STREAMING": "true"}))
    prepared = prepare(make_stage({"STREAMING": "true"}), "dev")
    (step,) = (step for step in prepared.plan.steps if step.operation == "update_integration")
    alone = [one for one in step.parameters["patchOperations"] if one["path"] == path]
    with pytest.raises(AwsFailure) as refused:
        aws("apigateway", "update_integration", **{**step.parameters, "patchOperations": alone})
    assert "Invalid ResponseTransferMode" in refused.value.aws_message


def test_what_has_no_rest_api_cannot_stream(make_stage: MakeStage, aws: Calls) -> None:
    (blocker,) = prepare(make_stage({"STREAMING": "true"}, apigateway_version="v2"), "dev").plan.blockers
    assert "STREAMING" in blocker.what and "apigateway_version" in blocker.fix
