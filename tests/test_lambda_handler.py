"""Our Lambda handler with Zappa's loaded app, in front of a domain that verifies every signature."""

from __future__ import annotations

import base64
import gzip
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from access_es.demo.cloud.doors.registry import NAMES, open_door
from access_es.demo.running_gateway import RunningGateway
from tests.embedded_metrics import extract
from tests.ingress.events import Pairs, arrived, changed, emulated
from tests.lambda_process import LambdaProcess, environment_of, lambda_process, start
from tests.running_proxy import PASSWORD

TOOLS = "https://tools.example.com"
HTML: Pairs = ((b"accept", b"text/html"),)
KEEP_WARM = {
    "detail-type": "Scheduled Event",
    "source": "aws.events",
    "version": "0",
    "resources": [
        "arn:aws:events:us-east-1:123456789012:rule/access-es-dev-zappa-keep-warm-handler.keep_warm_callback"
    ],
    "kwargs": {},
}


@pytest.fixture(scope="module")
def function(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LambdaProcess]:
    folder = tmp_path_factory.mktemp("lambda")
    with lambda_process(
        gateway.url, folder,
        variables={
            "AWS_LAMBDA_FUNCTION_NAME": "access-es-dev", "CORS_ORIGINS": TOOLS, "METRICS_NAMESPACE": "access-es/dev",
        },
    ) as running:  # fmt: skip
        yield running


def ask(
    function: LambdaProcess,
    door: str,
    method: str,
    target: str,
    headers: Pairs = (),
    body: bytes = b"",
    seconds: float = 30.0,
) -> Any:
    """One request through an emulated door and back."""
    mount = "/dev" if door.endswith("-stage") else ""
    request = arrived(method, (mount + target).encode(), headers, body)
    answer = function.call(emulated(door, request), seconds)
    assert isinstance(answer, dict) and "statusCode" in answer, answer
    return open_door(door).read_answer(json.dumps(answer).encode(), request)


def texts(answer: Any) -> list[tuple[str, str]]:
    return [(name.decode(), value.decode()) for name, value in answer.headers]


def values(answer: Any, name: bytes) -> list[str]:
    return [value.decode() for known, value in answer.headers if known.lower() == name]


def test_the_app_is_loaded_before_the_first_event(function: LambdaProcess) -> None:
    function.call(KEEP_WARM)
    assert "LOADED 1\n" in function.lines


@pytest.mark.parametrize("door", NAMES)
def test_a_signed_in_program_reaches_the_domain(function: LambdaProcess, door: str) -> None:
    sent = (*function.bearer, (b"foo", b"1"), (b"foo", b"2"), (b"content-type", b"application/x-ndjson"))
    answer = ask(function, door, "GET", "/_demo/echo?foo=1&foo=2&x=a%2Fb", sent, b'{"index":{}}\n\xff')
    seen = json.loads(answer.body)
    assert seen["method"] == "GET"
    assert base64.b64decode(seen["body"]) == b'{"index":{}}\n\xff'
    repeats = "foo=2" if door == "alb-single" else "foo=1&foo=2"
    assert seen["target"] == f"/_demo/echo?{repeats}&x=a%2Fb"
    found = ",".join(value for name, value in seen["headers"] if name.lower() == "foo")
    assert found == ("2" if door == "alb-single" else "1,2")
    assert function.token not in json.dumps(seen["headers"])


def test_each_request_leaves_one_line_that_cloudwatch_makes_metrics_of(function: LambdaProcess) -> None:
    """And a keep-warm ping none: it is no request."""
    before = len(audited(function))
    function.call(KEEP_WARM)
    assert ask(function, "rest", "GET", "/_demo/answer?status=404", function.bearer).status == 404
    assert ask(function, "rest", "GET", "/_demo/echo").status == 401
    domain, refused = audited(function)[before:]
    assert (domain["outcome"], domain["layer"]) == ("client_error", "domain")
    assert (refused["outcome"], refused["layer"]) == ("refused", "access-es")
    for line in (domain, refused):
        assert extract(line)[("outcome", "layer")] == {"requests": 1}
    assert {"requests", "ms", "upstream_ms"} <= extract(domain)[()].keys()


def audited(function: LambdaProcess) -> list[dict[str, Any]]:
    return [json.loads(line) for line in function.lines if line.startswith('{"time"')]


def test_the_metrics_of_one_sandbox_are_nobodys(function: LambdaProcess) -> None:
    """It knows its own requests alone: the address is what any other unknown one is."""
    for token in ("", function.token):
        answer = ask(function, "rest", "GET", "/--access-es/metrics", ((b"authorization", f"Bearer {token}".encode()),))
        unknown = ask(
            function, "rest", "GET", "/--access-es/metricx", ((b"authorization", f"Bearer {token}".encode()),)
        )
        assert (answer.status, json.loads(answer.body)["error"]["type"]) == (404, "not_found")
        assert unknown.status == 404


@pytest.mark.parametrize("door", NAMES)
def test_the_domains_bytes_come_back_as_they_were(function: LambdaProcess, door: str) -> None:
    query = urlencode(
        [("status", "404"), ("header", "Content-Type: text/plain; charset=latin-1"), ("header", "Set-Cookie: a=1"),
         ("header", "Set-Cookie: b=2"), ("body", base64.b64encode(b"caf\xe9\x00").decode())]
    )  # fmt: skip
    answer = ask(function, door, "GET", f"/_demo/answer?{query}", function.bearer)
    assert (answer.status, answer.body) == (404, b"caf\xe9\x00")
    if door != "alb-single":  # which hands over the last of several `header=` alone
        assert values(answer, b"set-cookie") == ["a=1", "b=2"]
        assert values(answer, b"content-type") == ["text/plain; charset=latin-1"]


@pytest.mark.parametrize("door", NAMES)
def test_compressed_bytes_without_a_type_stay_compressed_and_are_not_called_json(
    function: LambdaProcess, gateway: RunningGateway, door: str
) -> None:
    answer = ask(function, door, "GET", "/_demo/tiny", function.bearer)
    assert values(answer, b"content-encoding") == ["deflate"]
    assert values(answer, b"content-type") == ["application/octet-stream"]
    assert answer.body == ask(function, "url", "GET", "/_demo/tiny", function.bearer).body != b""


@pytest.mark.parametrize("door", NAMES)
def test_a_person_signs_in_below_whatever_the_door_puts_before_our_paths(function: LambdaProcess, door: str) -> None:
    mount = "/dev" if door.endswith("-stage") else ""
    sent = ask(function, door, "GET", "/app/kibana?x=1", HTML)
    assert sent.status == 303
    login = values(sent, b"location")[0]
    assert login == f"{mount}/--access-es/login?next={mount}/app/kibana%3Fx%3D1"
    page = ask(function, door, "GET", login.removeprefix(mount), HTML)
    assert page.status == 200 and f'"{mount}/--access-es/static/access-es.css"'.encode() in page.body
    cookies = values(page, b"set-cookie")
    assert len(cookies) == 1
    cookie = (b"cookie", cookies[0].partition(";")[0].encode())
    form = urlencode(
        {
            "username": "alice",
            "password": PASSWORD,
            "next": f"{mount}/app/kibana?x=1",
            "anti_forgery": page.body.decode().partition('name="anti_forgery" value="')[2].partition('"')[0],
        }
    ).encode()
    typed = (*HTML, cookie, (b"content-type", b"application/x-www-form-urlencoded"))
    done = ask(function, door, "POST", "/--access-es/login", typed, form)
    assert (done.status, values(done, b"location")) == (303, [f"{mount}/app/kibana?x=1"])
    line = json.loads(next(line for line in reversed(function.lines) if line.startswith("{")))
    assert (line["event"], line["user"], line["via"]) == ("sign_in", "alice", "password")
    session = (b"cookie", values(done, b"set-cookie")[0].partition(";")[0].encode())
    home = ask(function, door, "GET", "/", (*HTML, session))
    assert values(home, b"location") == [f"{mount}/_plugin/kibana/"]
    assert ask(function, door, "GET", "/_demo/echo", (session,)).status == 200


@pytest.mark.parametrize("door", ["rest-stage", "url"])
def test_an_address_on_the_domain_becomes_one_on_ours(
    function: LambdaProcess, gateway: RunningGateway, door: str
) -> None:
    mount = "/dev" if door.endswith("-stage") else ""
    for location, ours in (
        ("/a?b", f"{mount}/a?b"),
        (f"{gateway.url}/c", f"https://es.example.org{mount}/c"),
        ("//x/y", "//x/y"),
    ):
        target = f"/_demo/answer?{urlencode({'status': '302', 'header': f'Location: {location}'})}"
        assert values(ask(function, door, "GET", target, function.bearer), b"location") == [ours]


@pytest.mark.parametrize("door", NAMES)
@pytest.mark.parametrize("scheme", ["https", "http"])
def test_a_cookie_for_tls_alone_stays_so_where_the_client_has_tls(
    function: LambdaProcess, door: str, scheme: str
) -> None:
    """A load balancer may listen without TLS; the other doors never do."""
    query = urlencode({"header": "Set-Cookie: sid=1; Secure; SameSite=None; Path=/"})
    mount = "/dev" if door.endswith("-stage") else ""
    request = arrived("GET", f"{mount}/_demo/answer?{query}".encode(), function.bearer)
    event = emulated(door, request)
    for headers in (event.get("headers") or {}, event.get("multiValueHeaders") or {}):
        if "x-forwarded-proto" in headers:
            headers["x-forwarded-proto"] = [scheme] if isinstance(headers["x-forwarded-proto"], list) else scheme
    answer = open_door(door).read_answer(json.dumps(function.call(event, 30.0)).encode(), request)
    is_plain = door.startswith("alb") and scheme == "http"
    attributes = "" if is_plain else "Secure; SameSite=None; "
    assert values(answer, b"set-cookie") == [f"sid=1; {attributes}Path={mount}/"]


@pytest.mark.parametrize("door", NAMES)
def test_headers_with_an_underscore_reach_the_domain(function: LambdaProcess, door: str) -> None:
    answer = ask(function, door, "GET", "/_demo/echo", (*function.bearer, (b"sg_tenant", b"a"), (b"x_amz_date", b"b")))
    seen = [(name.lower(), value) for name, value in json.loads(answer.body)["headers"]]
    assert ("sg_tenant", "a") in seen and "x_amz_date" not in dict(seen)


@pytest.mark.parametrize("door", NAMES)
def test_programs_are_offered_basic_where_the_door_lets_the_header_through(function: LambdaProcess, door: str) -> None:
    """wget, curl and Java read the two challenges from one line as well as from two."""
    refused = ask(function, door, "GET", "/_search", ((b"user-agent", b"Wget/1.21"), (b"accept", b"*/*")))
    offered = ", ".join(value for name, value in texts(refused) if name.lower().endswith("www-authenticate"))
    assert offered == 'Basic realm="access-es", charset="UTF-8", Bearer realm="access-es"'
    script = ask(function, door, "GET", "/_search", ((b"sec-fetch-mode", b"cors"), (b"sec-fetch-site", b"same-origin")))
    assert "Your session has ended" in script.body.decode()
    assert not any("Basic" in value for _, value in texts(script))


@pytest.mark.parametrize("door", NAMES)
def test_pages_of_another_origin_read_answers_and_are_not_asked_to_sign_in_for_a_preflight(
    function: LambdaProcess, door: str
) -> None:
    origin: Pairs = ((b"origin", TOOLS.encode()),)
    asked = (
        *origin,
        (b"access-control-request-method", b"POST"),
        (b"access-control-request-headers", b"authorization"),
    )
    preflight = ask(function, door, "OPTIONS", "/_search", asked)
    assert (preflight.status, preflight.body) == (204, b"")
    assert values(preflight, b"access-control-allow-headers") == ["authorization"]
    query = urlencode({"header": "Access-Control-Allow-Origin: *"})
    answer = ask(function, door, "GET", f"/_demo/answer?{query}", (*function.bearer, *origin))
    refused = ask(function, door, "GET", "/_search", origin)
    for shared, status in ((preflight, 204), (answer, 200), (refused, 401)):
        assert shared.status == status
        assert values(shared, b"access-control-allow-origin") == [TOOLS]
        assert values(shared, b"access-control-allow-credentials") == ["true"]
    ours = ask(function, door, "GET", "/--access-es/health", origin)
    assert values(ours, b"access-control-allow-origin") == []


@pytest.mark.parametrize("door", NAMES)
def test_head_brings_no_body(function: LambdaProcess, door: str) -> None:
    assert ask(function, door, "HEAD", "/_demo/echo", function.bearer).body == b""


@pytest.mark.parametrize(
    "event",
    [
        {"raw_command": "open('{folder}/ran', 'w')"},
        {"command": "os.getcwd"},
        {"manage": "check"},
        {"command": "zappa.asynchronous.route_lambda_task", "task_path": "os.getcwd", "args": [], "kwargs": {}},
        {"Records": [{"eventSource": "aws:sns", "Sns": {"Message": '{"command": "os.getcwd"}'}}]},
        {"awslogs": {"data": "x"}},
        {"bot": {}, "type": "TOKEN"},
        {"detail-type": "Scheduled Event", "resources": ["arn:aws:events:us-east-1:1:rule/x-os.getcwd"]},
        {"detail-type": "Scheduled Event", "resources": []},
        {"detail-type": "Scheduled Event"},
        {"requestContext": {"eventType": "CONNECT", "domainName": "x", "routeKey": "$connect"}},
        {},
        [],
        None,
        "raw_command",
    ],
    ids=json.dumps,
)
def test_whatever_is_neither_http_nor_keep_warm_is_refused(function: LambdaProcess, event: Any, tmp_path: Path) -> None:
    if isinstance(event, dict) and "raw_command" in event:
        event = {"raw_command": event["raw_command"].replace("{folder}", str(tmp_path))}
    assert list(function.call(event)) == ["refused"]
    assert not list(tmp_path.iterdir())


def test_a_command_beside_a_request_is_not_run(function: LambdaProcess, tmp_path: Path) -> None:
    event = changed(
        "apigwv1", raw_command=f"open('{tmp_path}/ran', 'w')", command="os.getcwd", stageVariables={"ES_ENDPOINT": "x"}
    )
    assert function.call(event)["statusCode"] == 401
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", ["apigwv1", "apigwv2", "functionurl", "alb"])
@pytest.mark.parametrize(
    "broken",
    [
        {"headers": 7, "multiValueHeaders": 7},
        {"body": 7},
        {"body": "%", "isBase64Encoded": True},
        {"path": 7, "rawPath": 7},
        {"path": "\ud800", "rawPath": "\ud800"},
    ],
    ids=json.dumps,
)
def test_a_malformed_event_is_answered_with_400(function: LambdaProcess, name: str, broken: dict[str, Any]) -> None:
    event = changed(name, **broken)
    if "path" in broken:
        event["requestContext"]["path"] = None
    before = len(audited(function))
    answer = function.call(event)
    assert answer["statusCode"] == 400 and json.loads(answer["body"])["error"]["code"] == "bad_request"
    (line,) = audited(function)[before:]
    assert (line["status"], line["error"], line["client"], line["outcome"]) == (400, "bad_request", "", "client_error")


def test_a_ping_fetches_credentials_and_opens_the_connection(function: LambdaProcess, gateway: RunningGateway) -> None:
    time.sleep(5.1)  # the domain is not asked more often, whoever asks
    gateway.drop_idle_connections()
    before = sum(gateway.log.counts().values())
    assert function.call(KEEP_WARM) is None
    assert sum(gateway.log.counts().values()) == before + 1
    assert ask(function, "rest", "GET", "/_demo/echo", function.bearer).status == 200
    assert gateway.drop_idle_connections() == 1  # the request took the one that the ping had opened


def test_our_own_504_comes_before_the_doors(function: LambdaProcess) -> None:
    began = time.monotonic()
    answer = ask(function, "rest", "GET", "/_demo/slow?delay=20", function.bearer, seconds=2.5)
    assert time.monotonic() - began < 2.5
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (504, "gateway_timeout")


def test_an_answer_that_trickles_is_given_up_in_time(function: LambdaProcess) -> None:
    began = time.monotonic()
    answer = ask(function, "url", "GET", "/_demo/giant?size=5000000&rate=200000", function.bearer, seconds=3)
    assert time.monotonic() - began < 3
    assert answer.status == 504


@pytest.mark.parametrize(("door", "limit"), [("rest", "6,291,556"), ("alb", "1,000,000")])
def test_an_answer_larger_than_the_door_is_an_error_that_says_so(
    function: LambdaProcess, door: str, limit: str
) -> None:
    answer = ask(function, door, "GET", "/_demo/giant?kind=random&size=7000000", function.bearer)
    said = json.loads(answer.body)["error"]
    assert (answer.status, said["code"]) == (502, "answer_too_large") and limit in said["reason"]


def test_a_large_answer_leaves_compressed_where_the_client_takes_that(function: LambdaProcess) -> None:
    headers = (*function.bearer, (b"accept-encoding", b"gzip"))
    answer = ask(function, "rest", "GET", "/_demo/giant?kind=json&size=20000000", headers)
    assert answer.status == 200 and len(gzip.decompress(answer.body)) == 20_000_000


@pytest.mark.parametrize(
    ("door", "sizes", "status"), [("http", 30, 200), ("http", 40, 502), ("rest", 60, 200), ("rest", 80, 502)]
)
def test_more_headers_than_the_door_takes_are_an_error_that_says_so(
    function: LambdaProcess, door: str, sizes: int, status: int
) -> None:
    lines = "&".join(f"header=X-{number}:{'y' * 255}" for number in range(sizes))
    request = arrived("GET", f"/_demo/answer?{lines}".encode(), function.bearer)
    answer = function.call(open_door(door).build_event(request))  # the door itself would refuse a target of this length
    assert answer["statusCode"] == status
    assert ("answer_headers_too_large" in answer["body"]) == (status == 502)


def test_a_broken_off_answer_never_looks_whole(function: LambdaProcess) -> None:
    answer = ask(function, "rest", "GET", "/_demo/giant?size=500000&fail_after=300000", function.bearer)
    assert (answer.status, json.loads(answer.body)["error"]["code"]) == (502, "domain_broke_off")


def test_every_request_leaves_one_line_under_the_doors_own_id(function: LambdaProcess) -> None:
    event = changed("apigwv1")
    function.call(event)
    lines = [line for line in function.audit() if line["request_id"] == event["requestContext"]["requestId"]]
    assert lines and lines[-1]["client"] == "68.8.83.18" and lines[-1]["status"] == 401
    assert lines[-1]["path"] == "/capture/space%20value" and lines[-1]["bytes_out"] > 0


def test_nothing_secret_is_logged(function: LambdaProcess) -> None:
    ask(
        function,
        "rest",
        "POST",
        "/_demo/echo?a=query-secret",
        (*function.bearer, (b"cookie", b"x=cookie-secret")),
        b"body-secret",
    )
    said = function.log.read_text() + "".join(function.lines)
    assert "-secret" not in said and function.token not in said


def test_settings_with_faults_stop_the_function_before_any_event(tmp_path: Path) -> None:
    environment = {**environment_of(tmp_path, "", USERS=""), "AWS_LAMBDA_FUNCTION_NAME": "access-es-dev"}
    process = start(tmp_path, environment)
    assert process.communicate(timeout=60)[0].splitlines()[-1:] != ["LOADED 1"]
    said = (tmp_path / "ours.log").read_text()
    assert process.returncode != 0 and "ES_ENDPOINT is missing" in said and "USERS is missing" in said


@pytest.mark.parametrize("door", ["rest", "rest-stage", "http", "url", "alb"])
def test_below_zappas_own_handler_the_event_is_still_what_is_read(
    gateway: RunningGateway, tmp_path: Path, door: str
) -> None:
    """Its environ has the path decoded, the query re-encoded and a GET without its body."""
    with lambda_process(gateway.url, tmp_path, entry="zappa") as zappa:
        headers = (*zappa.bearer, (b"x-a", b"1"), (b"content-type", b"application/x-ndjson"))
        answer = ask(zappa, door, "GET", "/_demo/echo?x=a%2Bb%2F+", headers, b"\x00\xff")
    seen = json.loads(answer.body)
    assert seen["target"].startswith("/_demo/echo?x=a%2Bb%2F") and base64.b64decode(seen["body"]) == b"\x00\xff"


def test_the_setting_front_door_says_whose_limits_apply(gateway: RunningGateway, tmp_path: Path) -> None:
    """An event cannot show that it came by an HTTP API with payload format 1.0, or by a balancer behind another."""
    with lambda_process(gateway.url, tmp_path, settings={"FRONT_DOOR": "alb"}) as function:
        answer = ask(function, "rest", "GET", "/_demo/giant?kind=random&size=2000000", function.bearer)
    assert answer.status == 502 and "1,000,000" in json.loads(answer.body)["error"]["reason"]


PACKED = """
import json, logging, os, sys
if sys.argv[1] == "ours":
    from access_es.lambda_handler import load_proxy as load
else:
    from zappa.handler import LambdaHandler as load
load()
print("PACKED", json.dumps({"level": logging.getLogger().level, "handlers": len(logging.getLogger().handlers),
                            "variables": {name: os.environ.get(name) for name in sys.argv[2:]}}))
"""


@pytest.mark.parametrize("level", ["INFO", "ERROR"])
def test_what_zappa_packed_is_applied_as_its_own_handler_does(tmp_path: Path, level: str) -> None:
    environment = environment_of(tmp_path, "http://127.0.0.1:9", CONTACT="search@example.com")
    environment |= {"CONTACT": "the one of the function, which the package replaces", "SESSION_HOURS": "8"}
    packed = tmp_path / "zappa_settings.py"
    packed.write_text(packed.read_text().replace('LOG_LEVEL = "INFO"', f'LOG_LEVEL = "{level}"'))
    names = ("CONTACT", "SESSION_HOURS", "ES_ENDPOINT", "USERS")
    found = [
        subprocess.run(
            [sys.executable, "-c", PACKED, entry, *names],
            cwd=tmp_path, env=environment, capture_output=True, text=True, check=True,
        ).stdout.splitlines()[-1]
        for entry in ("ours", "zappa")
    ]  # fmt: skip
    assert found[0] == found[1] and '"CONTACT": "search@example.com"' in found[0] and '"SESSION_HOURS": "8"' in found[0]
