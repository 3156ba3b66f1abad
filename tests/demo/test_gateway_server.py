from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest

from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import RunningGateway, running_gateway
from access_es.demo.verifier import Scope
from tests.scripted_server import say, scripted_server

from .botocore_requests import KEY, STATIC_KEY
from .raw_http import call, connection, raw_request, read_reply

TARGETS = json.loads((Path(__file__).parent.parent / "vectors" / "targets.json").read_text("utf-8"))["targets"]
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


@pytest.fixture(scope="module")
def gateway() -> Iterator[RunningGateway]:
    with running_gateway([KEY, STATIC_KEY]) as running:
        yield running


def echo(gateway: RunningGateway, method: str, target: bytes, body: bytes = b"", **how: Any) -> dict[str, Any]:
    reply = call(gateway, method, target, body, **how)
    assert reply.status == 200
    document: dict[str, Any] = json.loads(reply.body)
    return document


# --- verification on the wire


@pytest.mark.parametrize("target", [pytest.param(entry["target"], id=entry["name"]) for entry in TARGETS])
def test_hostile_target_arrives_byte_for_byte(target: str) -> None:
    """Signed by botocore, verified by the gateway, forwarded as it is."""
    with (
        scripted_server([say(OK)]) as engine,
        running_gateway([KEY], elasticsearch=engine.url, kibana=engine.url) as gw,
    ):
        reply = call(gw, "GET", target.encode())
        if target == "/_plugin/kibana":
            assert (reply.status, reply.values(b"Location")) == (302, [b"/_plugin/kibana/"])
            return
        assert reply.body == b"ok"
        arrived = target.removeprefix("/_plugin/kibana") if target.startswith("/_plugin/kibana/") else target
        assert engine.requests[0].split(b"\r\n")[0] == b"GET %b HTTP/1.1" % arrived.encode()


def test_refused_as_amazon_refuses(gateway: RunningGateway) -> None:
    reply = call(gateway, "GET", b"/_demo/echo", key=Credential(KEY.access_key, "wrong", KEY.session_token))
    assert reply.status == 403
    assert json.loads(reply.body)["message"].startswith("The request signature we calculated does not match")
    assert reply.values(b"Content-Type") == [b"application/json"]
    assert len(reply.values(b"x-amzn-RequestId")) == 1
    assert gateway.log.last()[0].verdict == "signature"


def test_unsigned_is_refused_on_demo_paths_too(gateway: RunningGateway) -> None:
    with connection(gateway) as (sock, reader):
        sock.sendall(b"GET /_demo/log HTTP/1.1\r\nHost: x\r\n\r\n")
        assert read_reply(reader).body == b'{"Message":"User: anonymous is not authorized to perform: es:ESHttpGet"}'


def test_head_is_refused_without_a_body(gateway: RunningGateway) -> None:
    reply = call(gateway, "HEAD", b"/_demo/tiny", region="elsewhere")
    assert (reply.status, reply.body) == (403, b"")


def test_tampered_body_is_refused(gateway: RunningGateway) -> None:
    with connection(gateway) as (sock, reader):
        sock.sendall(raw_request(gateway, "POST", b"/_demo/echo", b"{}")[:-1] + b"]")
        assert read_reply(reader).status == 403


def test_serverless_gateway() -> None:
    with running_gateway([KEY], scope=Scope("eu-west-1", "aoss")) as gw:
        good: dict[str, Any] = {"region": "eu-west-1", "service": "aoss"}
        assert call(gw, "GET", b"/_demo/echo", content_sha256=True, **good).status == 200
        refused = json.loads(call(gw, "GET", b"/_demo/echo", **good).body)
        assert refused["error"] == {"reason": "403 Forbidden", "type": "Forbidden"}


# --- what a test may do to it


def test_rotation() -> None:
    new = Credential("AKIANEW", "new", "new-token")
    with running_gateway([KEY]) as gw:
        gw.rotate(new)
        assert call(gw, "GET", b"/_demo/tiny", key=new).status == 200
        assert b"is expired" in call(gw, "GET", b"/_demo/tiny").body
        gw.rotate(Credential("AKIA3", "3"), keep=["AKIANEW"])
        assert call(gw, "GET", b"/_demo/tiny", key=new).status == 200


def test_clock_and_permissions() -> None:
    with running_gateway([KEY]) as gw:
        gw.shift_clock(-400)
        reply = call(gw, "GET", b"/_demo/tiny")
        assert b"Signature not yet current" in reply.body
        behind = datetime.now(UTC) - parsedate_to_datetime(reply.values(b"Date")[0].decode())
        assert 395 < behind.total_seconds() < 410
        gw.shift_clock(0)
        gw.allow(KEY.access_key, ["es:ESHttpHead"])
        assert b"is not authorized to perform: es:ESHttpGet" in call(gw, "GET", b"/_demo/tiny").body
        gw.allow(KEY.access_key, None)
        assert call(gw, "GET", b"/_demo/tiny").status == 200
        assert (gw.log.verified, gw.log.refused) == (1, 2)
        gw.log.clear()
        assert gw.log.last(5) == []


def test_idle_connections_can_be_dropped() -> None:
    """As a load balancer does: a proxy has to notice that before it sends a POST on one."""
    with running_gateway([KEY]) as gw, connection(gw) as (sock, reader):
        sock.sendall(raw_request(gw, "GET", b"/_demo/tiny"))
        assert read_reply(reader).status == 200
        assert gw.drop_idle_connections() == 1
        assert reader.read() == b""


# --- routes


def test_no_engine_configured(gateway: RunningGateway) -> None:
    assert call(gateway, "GET", b"/logs/_search").status == 404
    assert call(gateway, "GET", b"/_plugin/kibana/").status == 404
    assert call(gateway, "GET", b"/_demo/nothing").status == 404


@pytest.mark.parametrize("query", [b"", b"?a=%2F"])
def test_kibana_without_its_slash(gateway: RunningGateway, query: bytes) -> None:
    reply = call(gateway, "GET", b"/_plugin/kibana" + query)
    assert (reply.status, reply.values(b"Location")) == (302, [b"/_plugin/kibana/" + query])
