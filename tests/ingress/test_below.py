"""An app below a path: what arrives there is what would arrive without it, and the rest of the host is not ours."""

from __future__ import annotations

import json
from typing import Any

import pytest

from access_es.ingress.below import MOUNT, below
from access_es.ingress.wsgi_server import HEADERS_KEY, TARGET_KEY, read_request


def asked(target: str, mount: str = "/logs") -> tuple[dict[str, Any], list[str], bytes]:
    """The environ that reached the app, empty where none did; the status lines; and the body."""
    seen: dict[str, Any] = {}
    statuses: list[str] = []

    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        seen.update(environ)
        return [b"app"]

    path = target.partition("?")[0]
    environ = {
        "REQUEST_METHOD": "GET", TARGET_KEY: target, HEADERS_KEY: [], "wsgi.url_scheme": "https", "SCRIPT_NAME": "",
        "PATH_INFO": path.removeprefix("http://h.example"), "QUERY_STRING": target.partition("?")[2],
    }  # fmt: skip
    body = b"".join(below(app, mount)(environ, lambda status, headers: statuses.append(status)))  # type: ignore[arg-type]
    return seen, statuses, body


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/logs/_search?q=a%2Fb", b"/_search?q=a%2Fb"), ("/logs/logs/_search", b"/logs/_search"), ("/logs", b"/"), ("/logs/", b"/"),
        ("/logs?x", b"/?x"), ("/logs//a%2Fb/", b"//a%2Fb/"), ("http://h.example/logs/x", b"/x"),
    ],
)  # fmt: skip
def test_the_mount_is_taken_off_as_whole_segments(target: str, expected: bytes) -> None:
    environ, _, _ = asked(target)
    request = read_request(environ)
    assert (request.target, request.mount) == (expected, "/logs")
    assert environ["SCRIPT_NAME"] == "/logs" and environ["PATH_INFO"].encode() == expected.partition(b"?")[0].replace(
        b"a%2Fb", b"a%2Fb"
    )


@pytest.mark.parametrize(
    "target", ["/", "/logs2/_search", "/_search", "/log", "/--access-es/login", "*", "/x/logs/", "/%6Cogs/x"]
)
def test_the_rest_of_the_host_is_not_ours(target: str) -> None:
    environ, statuses, body = asked(target)
    assert environ == {} and statuses == ["404 Not Found"]
    assert json.loads(body)["error"]["code"] == "outside_the_mount" and "/logs" in json.loads(body)["error"]["reason"]


@pytest.mark.parametrize("target", ["/--access-es/health", "/--access-es/ready", "/logs/--access-es/health"])
def test_probes_may_ask_with_it_and_without(target: str) -> None:
    assert asked(target)[2] == b"app"


def test_without_one_a_request_has_none() -> None:
    environ = {"REQUEST_METHOD": "GET", TARGET_KEY: "/x", HEADERS_KEY: [], "wsgi.url_scheme": "http"}
    assert read_request(environ).mount == ""


@pytest.mark.parametrize("text", ["logs", "/logs/", "/", "//x", "/a b", '/a"', "/a%20b", "/ä", ""])
def test_what_is_no_mount(text: str) -> None:
    assert MOUNT.fullmatch(text) is None


@pytest.mark.parametrize(
    "target", ["/logs/_search?q=https://h.example/a?b", "/logs/a?next=http://x", "/logs/a/http://h.example/b"]
)
def test_an_address_within_the_target_stays(target: str) -> None:
    environ, _, _ = asked(target)
    assert read_request(environ).target.decode() == target.removeprefix("/logs")
