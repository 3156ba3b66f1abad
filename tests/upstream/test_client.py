"""One call to the domain, against servers that misbehave on purpose."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime

import pytest

from access_es.credentials import Credentials
from access_es.errors import AnswerHeadTooLarge, BadRequest, DomainDisconnected, DomainTimeout, DomainUnreachable
from access_es.messages import ProxyResponse
from access_es.settings.endpoint import parse_endpoint
from access_es.upload import Upload, take_upload
from access_es.upstream.client import Domain
from access_es.upstream.signing import Signer
from tests.scripted_server import Scripted, hang_up, say, scripted_server

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"


class Rotating:
    """Credentials of which the first set is refused once others are there."""

    def __init__(self, *sets: Credentials) -> None:
        self._sets = list(sets)

    def current(self) -> Credentials:
        return self._sets[0]

    def renew(self, refused: Credentials) -> bool:
        if len(self._sets) > 1 and self._sets[0] == refused:
            del self._sets[0]
        return self._sets[0] != refused


def ask(
    server: Scripted, method: str = "GET", target: bytes = b"/x", body: bytes = b"", **options: float
) -> ProxyResponse:
    domain = Domain(parse_endpoint(server.url), None, None, **options)  # type: ignore[arg-type]
    return domain.send(method, target, (), Upload(body))


def read(answer: ProxyResponse) -> bytes:
    return b"".join(answer.body)


def test_only_what_the_client_sent_and_this_hops_framing_goes_out() -> None:
    """No User-Agent, Accept or Accept-Encoding is invented, and nothing is re-quoted."""
    with scripted_server([say(OK)]) as server:
        domain = Domain(parse_endpoint(server.url), None, None)
        domain.send("POST", b"//a/../%7Eb?q=*:*", (("X-a", "caf\xe9"), ("X-a", "2")), Upload(b"{}"))
        host = server.url.removeprefix("http://").encode()
        assert server.requests == [
            b"POST //a/../%7Eb?q=*:* HTTP/1.1\r\nHost: "
            + host
            + b"\r\nX-a: caf\xe9\r\nX-a: 2\r\nContent-Length: 2\r\n\r\n{}"
        ]


@pytest.mark.parametrize(("method", "line"), [("GET", b""), ("DELETE", b""), ("POST", b"Content-Length: 0\r\n")])
def test_an_empty_body_has_a_length_only_where_the_method_means_one(method: str, line: bytes) -> None:
    with scripted_server([say(OK)]) as server:
        ask(server, method)
        assert server.requests[0].endswith(line + b"\r\n")
        assert (b"Content-Length" in server.requests[0]) == bool(line)


def test_interim_answers_are_passed_over_and_never_answer_the_next_request() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n"
    with scripted_server([say(interim + OK), say(OK.replace(b"ok", b"no"))]) as server:
        domain = Domain(parse_endpoint(server.url), None, None)
        assert read(domain.send("GET", b"/1", (), Upload())) == b"ok"
        assert read(domain.send("GET", b"/2", (), Upload())) == b"no"
        assert server.connections == 1


def test_a_protocol_switch_nobody_asked_for_is_a_failure() -> None:
    with (
        scripted_server([say(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n")] * 2) as server,
        pytest.raises(DomainDisconnected),
    ):
        ask(server)


def test_an_idle_connection_that_was_closed_is_replaced_for_any_method() -> None:
    with scripted_server([say(OK, then_close=True), say(OK)]) as server:
        domain = Domain(parse_endpoint(server.url), None, None)
        domain.send("GET", b"/", (), Upload())
        time.sleep(0.1)
        assert domain.send("POST", b"/_bulk", (), Upload(b"x")).status == 200


def test_a_get_that_met_a_dying_connection_is_asked_again_once() -> None:
    with scripted_server([say(OK), hang_up, say(OK)]) as server:
        domain = Domain(parse_endpoint(server.url), None, None)
        domain.send("GET", b"/", (), Upload())
        assert domain.send("GET", b"/_search", (), Upload(b"{}")).status == 200
        assert len(server.requests) == 3


@pytest.mark.parametrize(
    ("method", "target"),
    [("POST", b"/_bulk"), ("PUT", b"/i/_create/1"), ("DELETE", b"/i"), ("GET", b"/_search/scroll?id=1")],
)
def test_what_may_have_been_executed_never_runs_twice(method: str, target: bytes) -> None:
    with scripted_server([say(OK), hang_up, say(OK)]) as server:
        domain = Domain(parse_endpoint(server.url), None, None)
        domain.send("GET", b"/", (), Upload())
        with pytest.raises(DomainDisconnected):
            domain.send(method, target, (), Upload(b"{}"))
        assert len(server.requests) == 2


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        b"garbage\r\n\r\n",
        b"",
    ],
)
def test_a_small_answer_that_is_not_whole_is_no_answer(answer: bytes) -> None:
    with scripted_server([say(answer, then_close=True)] * 2) as server, pytest.raises(DomainDisconnected):
        ask(server, "POST")


@pytest.mark.parametrize(
    "lines",
    [[b"Warning: 299 Elasticsearch deprecated"] * 5000, [b"X: " + b"y" * 1000] * 1000, [b"X: " + b"y" * 900_000]],
)
def test_a_head_as_large_as_elasticsearch_sends_is_passed_on(lines: list[bytes]) -> None:
    with scripted_server(
        [say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n" + b"\r\n".join(lines) + b"\r\n\r\nok")]
    ) as server:
        answer = ask(server)
        assert (len(answer.headers), read(answer)) == (len(lines) + 1, b"ok")


@pytest.mark.parametrize(
    "lines", [b"X: y\r\n" * 6002, b"X: " + b"y" * 1_050_000 + b"\r\n", b"X: y" + b"\r\n z" * 300_000 + b"\r\n"]
)
def test_a_head_beyond_all_limits_is_refused_with_the_limit(lines: bytes) -> None:
    refused = pytest.raises(AnswerHeadTooLarge, match="1,048,576 bytes")
    with scripted_server([say(b"HTTP/1.1 200 OK\r\n" + lines + b"\r\n")] * 2) as server, refused:
        ask(server)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 100_000,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n5\r\nhe",
    ],
)
def test_a_streamed_answer_that_breaks_off_raises_at_its_end(answer: bytes) -> None:
    with scripted_server([say(answer, then_close=True)]) as server:
        started = ask(server)
        assert started.status == 200
        with pytest.raises(DomainDisconnected):
            read(started)


@pytest.mark.parametrize(
    ("head", "status"),
    [(b"HTTP/1.1 204 No Content\r\n\r\n", 204), (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 99\r\n\r\n", 304)],
)
def test_answers_without_a_body_leave_the_connection_usable(head: bytes, status: int) -> None:
    with scripted_server([say(head), say(OK)]) as server:
        domain = Domain(parse_endpoint(server.url), None, None)
        answer = domain.send("GET", b"/", (), Upload())
        assert (answer.status, read(answer)) == (status, b"")
        assert read(domain.send("GET", b"/", (), Upload())) == b"ok"
        assert server.connections == 1


def test_head_keeps_the_length_it_announces_and_waits_for_no_body() -> None:
    with scripted_server([say(b"HTTP/1.1 200 OK\r\nContent-Length: 5000000\r\n\r\n"), say(OK)]) as server:
        domain = Domain(parse_endpoint(server.url), None, None)
        answer = domain.send("HEAD", b"/", (), Upload())
        assert (answer.header("content-length"), read(answer)) == ("5000000", b"")
        assert read(domain.send("GET", b"/", (), Upload())) == b"ok"
        assert server.connections == 1


def test_compressed_bytes_and_repeated_headers_come_as_they_are() -> None:
    head = b"HTTP/1.1 200 Fine\r\nContent-Encoding: gzip\r\nSet-Cookie: a=1\r\nX-L: caf\xe9\r\nSet-Cookie: b=2\r\nContent-Length: 3\r\n\r\n"
    with scripted_server([say(head + b"\x1f\x8bx")]) as server:
        answer = ask(server)
        assert (answer.reason, read(answer)) == ("Fine", b"\x1f\x8bx")
        assert [value for name, value in answer.headers if name == "Set-Cookie"] == ["a=1", "b=2"]
        assert answer.header("x-l") == "caf\xe9"


def test_an_answer_left_before_its_end_costs_its_connection_alone() -> None:
    big = b"HTTP/1.1 200 OK\r\nContent-Length: 9000000\r\n\r\n" + b"x" * 9_000_000
    with scripted_server([say(big), say(OK)]) as server:
        domain = Domain(parse_endpoint(server.url), None, None)
        domain.send("GET", b"/", (), Upload()).body.close()
        assert read(domain.send("GET", b"/", (), Upload())) == b"ok"
        assert server.connections == 2


def test_a_silent_domain_is_a_timeout_and_a_closed_port_is_unreachable() -> None:
    with scripted_server([lambda connection, request: time.sleep(2)]) as server, pytest.raises(DomainTimeout):
        ask(server, read_seconds=0.2)
    with pytest.raises(DomainUnreachable):
        ask(Scripted("http://127.0.0.1:9"))


@pytest.mark.parametrize("url", ["http://localhost:1", "https://nobody.invalid"])
def test_why_it_is_unreachable_is_reported_without_our_objects(url: str) -> None:
    with pytest.raises(DomainUnreachable) as unreachable:
        Domain(parse_endpoint(url), None, None).send("GET", b"/", (), Upload())
    assert unreachable.value.detail and "Connection(" not in unreachable.value.detail
    assert "Failed to " in unreachable.value.detail


def test_bytes_that_http_forbids_are_the_clients_fault() -> None:
    with scripted_server([say(OK)]) as server, pytest.raises(BadRequest):
        Domain(parse_endpoint(server.url), None, None).send("GET", b"/", (("X", "a\nb"),), Upload())


def test_expired_credentials_are_renewed_and_the_whole_body_is_signed_and_sent_again() -> None:
    refusal = b'{"message":"The security token included in the request is expired"}'
    forbidden = b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%b" % (len(refusal), refusal)
    old, new = Credentials("AKIDOLD", "s", "t1"), Credentials("AKIDNEW", "s", "t2")
    with scripted_server([say(forbidden), say(OK)]) as server, take_upload(io.BytesIO(b"z" * 3_000_000)) as upload:
        domain = Domain(parse_endpoint(server.url), Signer("us-east-1", "es"), Rotating(old, new))
        assert domain.send("POST", b"/_bulk", (), upload).status == 200
    first, second = server.requests
    assert b"AKIDOLD" in first and b"AKIDNEW" in second and b"x-amz-security-token: t2" in second
    assert first.endswith(b"z" * 3_000_000) and second.endswith(b"z" * 3_000_000)


def test_a_403_that_new_credentials_cannot_fix_is_passed_on_whole() -> None:
    refusal = b'{"Message":"User: arn:aws:sts::1:x is not authorized to perform: es:ESHttpGet"}'
    with scripted_server(
        [say(b"HTTP/1.1 403 Forbidden\r\nContent-Length: %d\r\n\r\n%b" % (len(refusal), refusal))]
    ) as server:
        one = Credentials("AKID", "s")
        answer = Domain(parse_endpoint(server.url), Signer("us-east-1", "es"), Rotating(one)).send(
            "GET", b"/", (), Upload()
        )
        assert (answer.status, read(answer), answer.refused_by) == (403, refusal, "iam")


def test_the_clock_is_read_once_so_that_midnight_cannot_come_between_date_and_scope() -> None:
    moments = iter([datetime(2026, 11, 21, 23, 59, 59, 999999, tzinfo=UTC), datetime(2026, 11, 22, tzinfo=UTC)])
    with scripted_server([say(OK)]) as server:
        domain = Domain(
            parse_endpoint(server.url),
            Signer("us-east-1", "es"),
            Rotating(Credentials("AKID", "s")),
            clock=lambda: next(moments),
        )
        domain.send("GET", b"/", (), Upload())
    assert b"/20261121/us-east-1/es/aws4_request" in server.requests[0]
    assert b"x-amz-date: 20261121T235959Z" in server.requests[0]
