"""What the gateway says for itself: as JSON for programs and in words for people, with the way to go on."""

from __future__ import annotations

import json
from typing import Any

import pytest

from access_es.demo.cloud.doors.messages import Arrived, Failure, Moment
from access_es.demo.cloud.doors.registry import open_door
from access_es.demo.http_messages import Answer
from access_es.provision.gateway_responses import REFUSALS, Refusal, gateway_response

ADDRESS = "https://abc.execute-api.us-east-1.amazonaws.com/dev/"
RESPONSES = {refusal.type: gateway_response(refusal, ADDRESS) for refusal in REFUSALS}
PERSON = (b"Accept", b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")


def asked(method: str = "GET", target: bytes = b"/dev/x", *headers: tuple[bytes, bytes], body: bytes = b"") -> Arrived:
    return Arrived(method, target, headers, body, "192.0.2.1", Moment.now())


def said(answer: Answer) -> dict[str, Any]:
    assert isinstance(answer.body, bytes)
    told: dict[str, Any] = json.loads(answer.body)
    return told


def header(answer: Answer, name: bytes) -> bytes | None:
    return next((value for known, value in answer.headers if known.lower() == name), None)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.type)
def test_the_same_facts_in_json_and_in_words(refusal: Refusal) -> None:
    response = gateway_response(refusal, ADDRESS)
    error = json.loads(response["responseTemplates"]["application/json"])["error"]
    assert (error["code"], error["reason"], error["layer"]) == (refusal.code, refusal.reason, "gateway")
    page = response["responseTemplates"]["text/html"]
    assert f'<a href="{ADDRESS}">' in page and refusal.code in page and "$context.requestId" in page
    for template in response["responseTemplates"].values():
        assert template.replace("$context.requestId", "").count("$") == 0  # the gateway would look for a variable there


def test_every_type_is_one_of_api_gateways() -> None:
    import botocore.session

    model = botocore.session.get_session().get_service_model("apigateway")
    assert {refusal.type for refusal in REFUSALS} <= set(model.shape_for("GatewayResponseType").enum)


def test_a_method_that_the_gateway_does_not_know() -> None:
    door = open_door("rest-stage", responses=RESPONSES)
    refused = door.refuse(asked("REPORT"))
    assert refused is not None and refused.status == 404
    assert said(refused)["error"]["code"] == "no_such_method" and said(refused)["error"]["start_page"] == ADDRESS
    assert header(refused, b"cache-control") == b"no-store"


def test_a_browser_reads_it_in_words() -> None:
    refused = open_door("rest-stage", responses=RESPONSES).refuse(asked("REPORT", b"/dev/x", PERSON))
    assert refused is not None and header(refused, b"content-type") == b"text/html"
    assert isinstance(refused.body, bytes) and b"<h1>Not found</h1>" in refused.body and b"$context" not in refused.body


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (Failure.TIMED_OUT, 504, "gateway_timeout"),
        (Failure.FUNCTION_FAILED, 502, "gateway_failed"),
        (Failure.THROTTLED, 500, "gateway_failed"),
        (Failure.EVENT_TOO_LARGE, 413, "request_too_large"),
    ],
)
def test_when_no_answer_came(failure: Failure, status: int, code: str) -> None:
    answer = open_door("rest-stage", responses=RESPONSES).fail(failure, asked())
    assert (answer.status, said(answer)["error"]["code"]) == (status, code)


def test_a_body_that_the_gateway_does_not_take() -> None:
    refused = open_door("rest-stage", responses=RESPONSES).refuse(asked("POST", body=b"x" * 10_485_761))
    assert refused is not None and (refused.status, said(refused)["error"]["code"]) == (413, "request_too_large")


def test_what_has_no_response_of_its_own_falls_back() -> None:
    refused = open_door("rest-stage", responses=RESPONSES).refuse(asked("GET", b"/dev/x?a={"))
    assert refused is not None and (refused.status, said(refused)["error"]["code"]) == (400, "gateway_refused")


def test_outside_of_every_stage_it_is_aws_that_answers() -> None:
    refused = open_door("rest-stage", responses=RESPONSES).refuse(asked("GET", b"/_plugin/kibana"))
    assert refused is not None and said(refused) == {"message": "Missing Authentication Token"}
