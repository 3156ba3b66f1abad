"""REST API events become the request as far as the event still tells it."""

from __future__ import annotations

import base64
import gzip
import zlib
from typing import Any

import pytest

from access_es.errors import BadRequest
from access_es.ingress.rest_api import read_request
from tests.ingress.events import arrived, changed, emulated

BODY = '{"message":"hello from the public internet","unicode":"lambda-λ"}'.encode()


def rest(path: str, context_path: str, proxy: str | None, resource: str = "/{proxy+}", stage: str = "live") -> Any:
    return changed(
        "apigwv1",
        path=path,
        resource=resource,
        pathParameters=None if proxy is None else {"proxy": proxy},
        context={"path": context_path, "stage": stage},
        multiValueQueryStringParameters=None,
        queryStringParameters=None,
    )


def queried(values: dict[str, list[str]] | None, single: dict[str, str] | None = None) -> bytes:
    event = changed("apigwv1", multiValueQueryStringParameters=values, queryStringParameters=single)
    return read_request(event).target.partition(b"?")[2]


def test_the_recorded_request_is_read_whole() -> None:
    request = read_request(changed("apigwv1"))
    assert request.method == "POST"
    assert request.target == (
        b"/capture/space%20value?empty=&encodedPlus=a%2Bb&literalPlus=a%20b"
        b"&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&repeat=one&repeat=two"
    )
    assert [value for name, value in request.headers if name == "x-voker-probe"] == ["first", "second"]
    assert request.header("cookie") == "session=abc123; theme=dark"
    assert request.header("host") == "5h7pqvr9u4.execute-api.us-west-2.amazonaws.com"
    assert (request.scheme, request.client_address, request.mount) == ("https", "68.8.83.18", "/live")
    assert request.id == "7c2af7db-31f3-42b5-8a6d-9ffc74e3b9e0"
    assert request.body.read() == BODY


@pytest.mark.parametrize(
    ("path", "context_path", "proxy", "mount", "target"),
    [
        ("/a%2Fb/c", "/live/a%2Fb/c", "a%2Fb/c", "/live", b"/a%2Fb/c"),
        ("/%3Clogs-%7Bnow%2Fd%7D%3E", "/live/%3Clogs-%7Bnow%2Fd%7D%3E", "x", "/live", b"/%3Clogs-%7Bnow%2Fd%7D%3E"),
        ("/a//b/", "/live//a//b/", "a//b", "/live", b"//a//b/"),  # the leading slashes are in the context alone
        ("/", "/live/", None, "/live", b"/"),
        ("/", "/live", None, "/live", b"/"),
        ("/devices/_search", "/dev/devices/_search", "devices/_search", "/dev", b"/devices/_search"),
        ("/dev/_search", "/dev/dev/_search", "dev/_search", "/dev", b"/dev/_search"),  # an index named as the stage
        ("/dev/_search", "/dev/_search", "dev/_search", "", b"/dev/_search"),  # the same behind a custom domain
        ("/x", "//x", "x", "", b"//x"),
        ("/es/x/y", "/es/x/y", "x/y", "/es", b"/x/y"),  # a custom domain's base path stays in both
        ("/es/es/a", "/es/es/a", "es/a", "/es", b"/es/a"),
        ("/es/x/", "/es/x/", "x", "/es", b"/x/"),
        ("/essential/_search", "/essential/_search", "essential/_search", "", b"/essential/_search"),
        ("//evil.example/x", "//evil.example/x", "x", "", b"//evil.example/x"),  # would begin our redirects
        ("/es/dev/x", "/es/dev/x", "x", "/es/dev", b"/x"),  # a base path that is mapped to no stage
    ],
)
def test_the_raw_path_stays_and_what_is_before_it_goes(
    path: str, context_path: str, proxy: str | None, mount: str, target: bytes
) -> None:
    resource = "/" if proxy is None else "/{proxy+}"
    stage = "dev" if "/dev" in context_path else "live"
    request = read_request(rest(path, context_path, proxy, resource, stage))
    assert (request.mount, request.target) == (mount, target)


def test_a_base_path_alone_is_the_root() -> None:
    request = read_request(rest("/es", "/es", None, "/"))
    assert (request.mount, request.target) == ("/es", b"/")


def test_a_resource_above_the_proxy_is_part_of_our_path() -> None:
    for mount, asked in (("/live", "/live/logs/x"), ("", "/logs/x")):
        request = read_request(rest("/logs/x", asked, "x", "/logs/{proxy+}"))
        assert (request.mount, request.target) == (mount, b"/logs/x")


@pytest.mark.parametrize(
    ("values", "query"),
    [
        ({"q": ["a:b AND c"]}, b"q=a%3Ab%20AND%20c"),
        ({"pretty": [""]}, b"pretty="),
        ({"a": ["1", "2"], "b": ["%"]}, b"a=1&a=2&b=%25"),
        ({"é": ["λ&="]}, b"%C3%A9=%CE%BB%26%3D"),
        ({"index": ["*,-x"]}, b"index=%2A%2C-x"),
        ({}, b""),
        (None, b""),
    ],
)
def test_query_values_are_escaped_strictly(values: dict[str, list[str]] | None, query: bytes) -> None:
    assert queried(values) == query


def test_single_values_serve_where_there_are_no_lists() -> None:
    assert queried(None, {"a": "x y"}) == b"a=x%20y"


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "POST"])
def test_a_body_is_decoded_by_its_flag_for_every_method(method: str) -> None:
    sent = b"\xff\x00{}"
    event = changed("apigwv1", httpMethod=method, body=base64.b64encode(sent).decode(), isBase64Encoded=True)
    assert read_request(event).body.read() == sent
    event = changed("apigwv1", httpMethod=method, body='{"a":"λ"}', isBase64Encoded=False)
    assert read_request(event).body.read() == '{"a":"λ"}'.encode()


@pytest.mark.parametrize(
    ("encoding", "body", "kept"),
    [
        ("gzip", gzip.compress(b"{}", mtime=0), True),
        ("gzip", b'{"a":1}', False),
        ("X-GZIP", b'{"a":1}', False),
        ("deflate", zlib.compress(b"{}"), True),
        ("deflate", b"{}", False),
        ("gzip", b"", True),
        ("br", b"{}", True),
    ],
)
def test_an_encoding_that_the_door_has_undone_is_not_named_any_more(encoding: str, body: bytes, kept: bool) -> None:
    event = changed(
        "apigwv1",
        multiValueHeaders={"Content-Encoding": [encoding], "Host": ["x"]},
        body=base64.b64encode(body).decode(),
        isBase64Encoded=True,
    )
    assert (read_request(event).header("content-encoding") == encoding) is kept


def test_the_client_cannot_choose_its_address() -> None:
    request = arrived("GET", b"/x", ((b"X-Forwarded-For", b"6.6.6.6"),))
    assert read_request(emulated("rest", request)).client_address == "192.0.2.7"


@pytest.mark.parametrize(
    "broken",
    [
        {"path": None},
        {"path": "/\ud800"},
        {"httpMethod": ""} | {"path": 7},
        {"multiValueHeaders": []},
        {"multiValueHeaders": {"a": "b"}},
        {"multiValueHeaders": {"a": [1]}},
        {"multiValueQueryStringParameters": {"a": "b"}},
        {"multiValueQueryStringParameters": "a=b"},
        {"body": 7},
        {"body": "%%%", "isBase64Encoded": True},
        {"body": "é", "isBase64Encoded": True},
        {"body": "\ud800"},
        {"requestContext": None, "path": None},
        {"pathParameters": "x"},
    ],
)
def test_a_malformed_event_is_a_bad_request(broken: dict[str, Any]) -> None:
    event = changed("apigwv1") | broken
    if "pathParameters" in broken:
        event["requestContext"]["path"] = event["path"]
    with pytest.raises(BadRequest):
        read_request(event)


@pytest.mark.parametrize("invented", ["x", "a b c d e f g h", "<script>alert(1)</script>", None, 7, "é" * 12])
def test_only_an_id_that_looks_like_one_is_taken_from_the_door(invented: Any) -> None:
    request = read_request(changed("apigwv1", context={"requestId": invented}))
    assert request.id != invented and len(request.id) == 16
