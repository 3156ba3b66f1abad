"""Function URL events: path and query as the client wrote them."""

from __future__ import annotations

import pytest

from access_es.errors import BadRequest
from access_es.ingress.function_url import read_request
from tests.ingress.events import arrived, changed, emulated


def test_the_recorded_request_is_read_whole() -> None:
    request = read_request(changed("functionurl"))
    assert request.target == (
        b"/capture/space%20value?repeat=one&repeat=two&redirect=https%3A%2F%2Fexample.com%2Fa%2Fb"
        b"&literalPlus=a+b&encodedPlus=a%2Bb&empty="
    )
    assert [value for name, value in request.headers if name == "cookie"] == ["session=abc123; theme=dark"]
    assert (request.method, request.scheme, request.client_address) == ("POST", "https", "68.8.83.18")
    assert request.id == "d16a6b55-dea9-4b23-8499-eb85c3d2d904"


@pytest.mark.parametrize("target", [b"/a%2Fb?x=%2f&&y", b"//a", b"/%FF%00?q=a+b%20c", b"/%7e/~", b"/a?b?c=/"])
def test_nothing_of_the_target_is_touched(target: bytes) -> None:
    assert read_request(emulated("url", arrived("GET", target))).target == target


def test_a_malformed_event_is_a_bad_request() -> None:
    with pytest.raises(BadRequest):
        read_request(changed("functionurl", rawPath=["/"]))
