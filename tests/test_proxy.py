"""The whole way through a running access-es, to a domain that checks every signature and back."""

from __future__ import annotations

import json

from tests.eventually import eventually
from tests.running_proxy import RunningProxy


def test_a_signed_in_program_reaches_the_domain(proxy: RunningProxy) -> None:
    seen = proxy.ask("GET", "/_demo/echo?x=a%2Fb&x=2", proxy.bearer).json()
    assert seen["target"] == "/_demo/echo?x=a%2Fb&x=2"
    assert "aes_" not in json.dumps(seen["headers"])


def test_an_anonymous_program_gets_401_and_a_browser_the_sign_in_page(proxy: RunningProxy) -> None:
    program = proxy.ask("GET", "/_search")
    assert (program.status, program.json()["error"]["code"]) == (401, "not_signed_in")
    person = proxy.ask("GET", "/_plugin/kibana/app/kibana?x=1", {"Accept": "text/html"})
    assert (person.status, person.header("location")) == (
        303,
        "/--access-es/login?next=/_plugin/kibana/app/kibana%3Fx%3D1",
    )
    script = proxy.ask("GET", "/_plugin/kibana/api/status", {"Accept": "text/html", "kbn-version": "5.1.1"})
    assert script.status == 401


def test_every_request_leaves_one_line_without_secrets(proxy: RunningProxy) -> None:
    asked = ("POST", "/_demo/echo")
    proxy.ask("POST", "/_demo/echo?token=query-secret", {**proxy.bearer, "Cookie": "a=cookie-secret"}, b"body-secret")
    (line,) = eventually(lambda: [line for line in proxy.audit() if (line["method"], line["path"]) == asked])
    assert (line["user"], line["via"], line["method"], line["status"], line["bytes_in"]) == (
        "alice",
        "token",
        "POST",
        200,
        11,
    )
    assert line["delivery"] == "held" and line["ms"] >= line["upstream_ms"] > 0 and len(line["request_id"]) == 16
    assert "secret" not in proxy.log.read_text() and next(iter(proxy.tokens.values())) not in proxy.log.read_text()
