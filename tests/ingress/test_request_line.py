"""What people are told who mistype a method or a path."""

from __future__ import annotations

import subprocess

import pytest

from access_es.ingress.request_line import explain_method, explain_target
from tests.fidelity.raw_client import exchange, request_bytes
from tests.running_proxy import RunningProxy

METHODS = {
    "get": "send GET, not get.",
    "Post": "send POST, not Post.",
    "GE T": "characters that HTTP does not allow",
    "": "characters that HTTP does not allow",
}
TARGETS = {
    b"_data_stream/**": "send /_data_stream/**",
    b"_search?q=a": "send /_search?q=a",
    b"*": "'*' means the server as a whole",
    b"es.example:443": "names another scheme or host",
    b"ftp://es.example/x": "names another scheme or host",
    b"?q": "send /?q",
}


@pytest.mark.parametrize("method", METHODS)
def test_a_method_that_is_none_is_explained(method: str) -> None:
    assert METHODS[method] in (explain_method(method) or "")


@pytest.mark.parametrize("method", ["GET", "M-SEARCH", "PROPFIND", "X"])
def test_methods_pass(method: str) -> None:
    assert explain_method(method) is None


@pytest.mark.parametrize("target", TARGETS)
def test_a_target_that_names_no_path_is_explained(target: bytes) -> None:
    assert TARGETS[target] in (explain_target(target) or "")


@pytest.mark.parametrize("target", [b"/", b"/_data_stream/**", b"//x", b"/a:80"])
def test_paths_pass(target: bytes) -> None:
    assert explain_target(target) is None


def test_only_the_beginning_is_shown() -> None:
    assert len(explain_target(b"x" * 5_000) or "") < 300


@pytest.mark.parametrize(
    ("method", "target", "words"),
    [("get", b"/_search", METHODS["get"]), *(("GET", target, words) for target, words in TARGETS.items())],
)
def test_the_server_says_what_was_meant(proxy: RunningProxy, method: str, target: bytes, words: str) -> None:
    answer = exchange(proxy.port, request_bytes(method, target, proxy.bearer))
    assert answer.status == 400
    assert words.encode() in answer.body and b'"code": "bad_request"' in answer.body


def test_curl_with_a_method_in_small_letters(proxy: RunningProxy) -> None:
    done = subprocess.run(["curl", "-s", "-X", "get", f"{proxy.url}/_search"], capture_output=True, text=True)
    assert "HTTP methods are written in capital letters: send GET, not get." in done.stdout
