"""Load balancer events: values as they were written, and the one address that the client did not choose."""

from __future__ import annotations

from typing import Any

import pytest

from access_es.errors import BadRequest
from access_es.ingress.alb import read_request
from tests.ingress.events import arrived, changed, emulated


def with_headers(**headers: list[str]) -> Any:
    event = changed("alb")
    event["multiValueHeaders"] |= {name.replace("_", "-"): values for name, values in headers.items()}
    return event


def test_the_recorded_request_is_read_whole() -> None:
    request = read_request(changed("alb"))
    assert request.target == (
        b"/capture/space%20value?empty=&encodedPlus=a%2Bb&literalPlus=a+b"
        b"&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb&repeat=one&repeat=two"
    )
    assert [value for name, value in request.headers if name == "x-voker-probe"] == ["first", "second"]
    assert (request.method, request.scheme, request.client_address) == ("POST", "http", "68.8.83.18")
    assert len(request.id) == 16 and request.mount == ""


def test_without_multi_value_headers_the_last_value_is_what_came() -> None:
    headers = ((b"x-a", b"1"), (b"x-a", b"2"), (b"accept", b"*/*"))
    request = read_request(emulated("alb-single", arrived("GET", b"/x?a=%2b&a=+&b", headers)))
    assert request.target == b"/x?a=+&b="
    assert request.header("x-a") == "2"


@pytest.mark.parametrize(
    ("forwarded", "address"),
    [
        (["6.6.6.6, 192.0.2.7"], "192.0.2.7"),
        (["6.6.6.6", "7.7.7.7, 192.0.2.7"], "192.0.2.7"),
        (["2001:db8::1"], "2001:db8::1"),
        (["6.6.6.6, 192.0.2.7:5050"], "192.0.2.7"),
        (["[2001:db8::1]:5050"], "2001:db8::1"),
        ([], ""),
    ],
)
def test_the_address_is_the_last_one_forwarded(forwarded: list[str], address: str) -> None:
    assert read_request(with_headers(x_forwarded_for=forwarded)).client_address == address


def test_the_scheme_is_the_listeners() -> None:
    assert read_request(with_headers(x_forwarded_proto=["https"])).scheme == "https"
    assert read_request(with_headers(x_forwarded_proto=[])).scheme == "http"


@pytest.mark.parametrize("broken", [{"path": None}, {"httpMethod": 1}, {"multiValueHeaders": {"a": {}}}])
def test_a_malformed_event_is_a_bad_request(broken: dict[str, Any]) -> None:
    with pytest.raises(BadRequest):
        read_request(changed("alb") | broken)
