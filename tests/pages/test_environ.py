"""Our own pages see the request as it was, and what the door puts before their paths."""

from __future__ import annotations

import io

from werkzeug import Request

from access_es.messages import Headers, ProxyRequest
from access_es.pages.environ import page_environ

FORM = b"username=alice&next=%2Fx"


def some_request(
    headers: Headers = (), body: bytes = b"", answer_by: float | None = None, **fields: str
) -> ProxyRequest:
    return ProxyRequest(
        "id", fields.get("method", "GET"), fields.get("target", "/").encode(), (("Host", "es.example.org"), *headers),
        io.BytesIO(body), "https", "192.0.2.7", mount=fields.get("mount", ""), answer_by=answer_by,
    )  # fmt: skip


def make_request(headers: Headers = (), body: bytes = b"", **fields: str) -> Request:
    return Request(page_environ(some_request(headers, body, None, **fields)))


def test_path_query_and_mount() -> None:
    request = make_request(target="/--access-es/responses/a%20b?x=1&x=2", mount="/dev")
    assert (request.path, request.script_root) == ("/--access-es/responses/a b", "/dev")
    assert request.args.getlist("x") == ["1", "2"]
    assert request.url_root == "https://es.example.org/dev/"
    assert request.remote_addr == "192.0.2.7" and request.is_secure


def test_a_form_is_read_without_an_announced_length() -> None:
    """REST tells none."""
    request = make_request((("content-type", "application/x-www-form-urlencoded"),), FORM, method="POST")
    assert request.form.to_dict() == {"username": "alice", "next": "/x"}


def test_repeats_are_joined_and_names_that_cgi_would_confuse_left_out() -> None:
    request = make_request(
        (
            ("X-A", "1"),
            ("x-a", "2"),
            ("Cookie", "a=1"),
            ("Cookie", "b=2"),
            ("X_Real_IP", "6.6.6.6"),
            ("Content-Length", "9"),
        )
    )
    assert request.headers["X-A"] == "1, 2"
    assert dict(request.cookies) == {"a": "1", "b": "2"}
    assert "X-Real-Ip" not in request.headers and "Content-Length" not in request.headers
