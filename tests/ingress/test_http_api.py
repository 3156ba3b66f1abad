"""HTTP API events: the query as it was, the path escaped again."""

from __future__ import annotations

from typing import Any

import pytest

from access_es.errors import BadRequest
from access_es.ingress.http_api import read_request
from tests.ingress.events import arrived, changed, emulated


def http(path: str, stage: str = "$default", **fields: Any) -> Any:
    return changed("apigwv2", rawPath=path, context={"stage": stage}, **fields)


def test_the_recorded_request_is_read_whole() -> None:
    request = read_request(changed("apigwv2"))
    assert request.method == "POST"
    assert request.target == (
        b"/capture/space%20value?repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb"
        b"&literalPlus=a+b&encodedPlus=a%2Bb&empty="
    )
    assert request.header("x-voker-probe") == "first,second"
    assert request.header("cookie") == "session=abc123; theme=dark"  # the event has them in a list alone
    assert request.header("host") == "sjzepsqsu5.execute-api.us-west-2.amazonaws.com"
    assert (request.scheme, request.client_address, request.mount) == ("https", "68.8.83.18", "")
    assert request.id == "ATfSmjLgPHcESJw="
    assert request.body.read() == '{"message":"hello from the public internet","unicode":"lambda-λ"}'.encode()


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/a/b", b"/a/b"),
        ("/literal%value", b"/literal%25value"),
        ("/literal%2Fvalue", b"/literal%252Fvalue"),
        ("/hash#value?x", b"/hash%23value%3Fx"),
        ("/<logs-{now/d}>", b"/%3Clogs-%7Bnow/d%7D%3E"),
        ("/unicode-λ-世界", b"/unicode-%CE%BB-%E4%B8%96%E7%95%8C"),
        ("/a+b,*;c=d@e:f!$&'()~", b"/a+b,*;c=d@e:f!$&'()~"),
        ("//a//b/", b"//a//b/"),
        ("", b"/"),
    ],
)
def test_a_decoded_path_is_escaped_again(path: str, target: bytes) -> None:
    assert read_request(http(path, rawQueryString="")).target == target


@pytest.mark.parametrize(
    ("path", "stage", "proxy", "mount", "target"),
    [
        ("/dev/x", "dev", None, "/dev", b"/x"),
        ("/dev", "dev", None, "/dev", b"/"),
        ("/devices/x", "dev", None, "", b"/devices/x"),  # a custom domain, whose paths have no stage
        ("/$default/x", "dev", None, "", b"/$default/x"),
        ("/dev/x", "dev", "dev/x", "", b"/dev/x"),  # an index named as the stage; the route tells
        ("/dev/x/", "dev", "x", "/dev", b"/x/"),
        ("//evil.example/x", "dev", "x", "", b"//evil.example/x"),  # would begin our redirects
        ("/es/dev/a/b", "dev", "a/b", "/es/dev", b"/a/b"),
    ],
)
def test_the_stage_goes_on_whole_segments_only(
    path: str, stage: str, proxy: str | None, mount: str, target: bytes
) -> None:
    request = read_request(
        http(path, stage, pathParameters=None if proxy is None else {"proxy": proxy}, rawQueryString="")
    )
    assert (request.mount, request.target) == (mount, target)


def test_the_client_cannot_choose_its_address() -> None:
    request = arrived("GET", b"/x", ((b"X-Forwarded-For", b"6.6.6.6"),))
    assert read_request(emulated("http", request)).client_address == "192.0.2.7"


@pytest.mark.parametrize(
    "broken",
    [
        {"rawPath": None},
        {"headers": ["a"]},
        {"headers": {"a": 1}},
        {"cookies": "a=b"},
        {"rawQueryString": "\udfff"},
        {"requestContext": {"http": {}}},
        {"requestContext": {"http": {"method": 1}}},
        {"requestContext": {"http": []}},
        {"body": {}, "isBase64Encoded": False},
    ],
)
def test_a_malformed_event_is_a_bad_request(broken: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        read_request(changed("apigwv2") | broken)


def test_a_request_without_headers_still_has_a_host() -> None:
    request = read_request(changed("apigwv2", headers=None, cookies=None))
    assert request.headers == (("host", "sjzepsqsu5.execute-api.us-west-2.amazonaws.com"),)
