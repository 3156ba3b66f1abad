"""The front doors in one table: their limits, how a request arrives, how an answer must leave.

Sources, by their short names below:
  [limits]   docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
  [rest]     docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-execution-service-limits-table.html
  [issues]   docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-known-issues.html
  [http]     docs.aws.amazon.com/apigateway/latest/developerguide/http-api-quotas.html
  [url]      docs.aws.amazon.com/lambda/latest/dg/urls-invocation.html
  [alb]      docs.aws.amazon.com/elasticloadbalancing/latest/application/lambda-functions.html
  [elb]      docs.aws.amazon.com/elasticloadbalancing/latest/userguide/how-elastic-load-balancing-works.html
  [recorded] events of all four doors for one request: github.com/hotsock/voker, vokerhttp/testdata
  [observed] Lambda's "Response payload size exceeded maximum allowed payload size (6291556 bytes)"
  [snapshot] answers recorded on AWS: github.com/localstack/localstack, tests/aws/services/{apigateway,lambda_}
  [stream]   docs.aws.amazon.com/apigateway/latest/developerguide/response-transfer-mode.html, …-lambda.html
  [bucket]   docs.aws.amazon.com/lambda/latest/dg/configuration-response-streaming.html
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Literal

from access_es.lazy_dataclass import dataclass

LAMBDA_EVENT_BYTES = 6 * 1024 * 1024  # [limits], the event as JSON
LAMBDA_ANSWER_BYTES = 6_291_556  # [observed], the answer as JSON: escapes, base64 and non-ASCII count
# The time that a redirect or an error of ours takes to reach the client. No more than that: clients follow at most
# twenty redirects (fetch.spec.whatwg.org, 4.4, 5), and twenty rounds must cover nine minutes.
RESPONSE_MARGIN_SECONDS = 0.25
ALB_BYTES = 1_000_000  # [alb] says 1 MB; the smaller reading is the safe one
# The stage variable that says that this deployment of a REST API streams: how long it bears that no byte comes, in
# seconds, or 0. `create_deployment` sets it in the call that publishes the integration, so the two always agree.
STREAM_VARIABLE = "access_es_stream_idle_seconds"
STREAM_SECONDS = 900  # [stream]; of the whole answer
STREAM_BYTES = 200 * 1024 * 1024  # [bucket] says 200 MB
PRELUDE_BYTES = 16_000  # [stream]: status and headers of a streamed answer end within 16 KB
_BEGIN_SHARE = 0.8  # of the silence that a door bears; the rest is for a task to start and for the answer's way


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """One door. A limit is None where the door has none, or none is documented."""

    name: str  # as in the setting FRONT_DOOR
    event_bytes: int | None  # the most a request may take as an event; base64 bodies count a third more
    answer_bytes: int | None  # the most an answer may take, serialized
    request_header_bytes: int | None
    answer_header_bytes: int | None
    seconds: float | None  # until it hangs up; None: as long as the function may run
    path: Literal["raw", "decoded"]
    query: Literal["raw", "raw values", "decoded"]  # "raw values": without the order of different names
    header_repeats: Literal["listed", "joined", "last"]  # how a repeated request header arrives
    answer_form: Literal[
        "multi", "joined", "single", "stream"
    ]  # how repeated headers leave, see delivery.lambda_answer
    renamed: frozenset[str] = frozenset()  # answer headers that reach the client as x-amzn-Remapped-<name>
    dropped: frozenset[str] = frozenset()  # answer headers that never reach the client
    invents_type: str | None = None  # the Content-Type it gives to an answer without one
    idle_seconds: float | None = None  # without a byte for so long it cuts a stream off; None: it does not stream

    @property
    def begin_seconds(self) -> float | None:
        """Until the first byte of a streamed answer must be on its way."""
        return None if self.idle_seconds is None else self.idle_seconds * _BEGIN_SHARE


REST = FrontDoor(
    "rest",
    event_bytes=LAMBDA_EVENT_BYTES,  # [rest] would take 10 MB
    answer_bytes=LAMBDA_ANSWER_BYTES,  # [rest] would take 10 MB
    request_header_bytes=20_480,  # [rest]; 8,000 for a private API
    answer_header_bytes=20_480,  # [rest] says "total"
    seconds=29,  # [rest]; regional and private APIs may have it raised, edge-optimised ones not
    path="raw",  # [recorded]
    query="decoded",  # [recorded]: multiValueQueryStringParameters, form-decoded
    header_repeats="listed",  # [recorded]: multiValueHeaders
    answer_form="multi",  # [snapshot]: a name in both maps is sent twice
    renamed=frozenset(
        ("authorization", "connection", "content-md5", "date", "max-forwards", "server", "user-agent",
         "www-authenticate")
    ),  # [issues]; Date and Server are replaced by its own as well
    dropped=frozenset(
        ("expect", "host", "proxy-authenticate", "te", "trailer", "transfer-encoding", "upgrade", "via")
    ),  # [issues]
    invents_type="application/json",  # [snapshot]
)  # fmt: skip

HTTP = FrontDoor(
    "http",
    event_bytes=LAMBDA_EVENT_BYTES,  # [http] would take 10 MB
    answer_bytes=LAMBDA_ANSWER_BYTES,
    request_header_bytes=10_240,  # [http], with the request line
    answer_header_bytes=10_240,  # [http] names requests; nothing says that answers may have more
    seconds=30,  # [http], cannot be raised
    path="decoded",  # [recorded]
    query="raw",  # [recorded]: rawQueryString
    header_repeats="joined",  # [recorded]; cookies apart, in a list
    answer_form="joined",  # payload format 2.0: cookies in a list, one value per other name
    invents_type="text/plain; charset=utf-8",  # recorded by github.com/aws/aws-lambda-dotnet, LambdaTestTool-v2
)

URL = FrontDoor(
    "url",
    event_bytes=LAMBDA_EVENT_BYTES,  # [limits]
    answer_bytes=LAMBDA_ANSWER_BYTES,
    request_header_bytes=1024 * 1024,  # [limits], with the request line
    answer_header_bytes=None,
    seconds=None,  # [url]: the function's own timeout
    path="raw",  # [recorded]: rawPath, while requestContext.http.path is decoded
    query="raw",  # [recorded]
    header_repeats="joined",  # [recorded]; cookies in a list as well
    answer_form="joined",  # [url]
    renamed=frozenset(("www-authenticate",)),  # one field report; AWS documents none
    invents_type="application/json",  # [snapshot]
)

_ALB: dict[str, Any] = {
    "event_bytes": ALB_BYTES,  # [alb]
    "answer_bytes": ALB_BYTES,  # [alb]
    "request_header_bytes": 64 * 1024,  # [elb]; a line or a single header 16 KB
    "answer_header_bytes": 32 * 1024,  # [elb]
    "seconds": None,  # it waits for the function
    "path": "raw",  # [recorded]
    "query": "raw values",  # [recorded], [alb]: not decoded
    "dropped": frozenset(("connection", "keep-alive", "transfer-encoding", "upgrade")),  # [alb]: not honoured
}
ALB_MULTI = FrontDoor("alb", header_repeats="listed", answer_form="multi", **_ALB)  # [alb]: multi-value headers on
ALB_SINGLE = FrontDoor("alb", header_repeats="last", answer_form="single", **_ALB)  # [alb]: off, its default

LOCAL = FrontDoor(
    "local",
    event_bytes=None,
    answer_bytes=None,
    request_header_bytes=None,  # the server's own limits on lines and fields apply
    answer_header_bytes=None,
    seconds=None,
    path="raw",
    query="raw",
    header_repeats="listed",
    answer_form="stream",
)

DOORS = (REST, HTTP, URL, ALB_MULTI, ALB_SINGLE, LOCAL)


def detect_door(event: Any) -> FrontDoor | None:
    """The door that made this event; None where it is not an HTTP request at all."""
    context = event.get("requestContext") if isinstance(event, dict) else None
    if not isinstance(context, dict):
        return None
    if event.get("version") == "2.0":
        return _detect_v2(context)
    if not isinstance(event.get("httpMethod"), str):
        return None
    if "elb" in context:
        return ALB_SINGLE if event.get("multiValueHeaders") is None else ALB_MULTI
    idle = idle_seconds(event.get("stageVariables"))
    return streaming_rest(idle) if idle else REST


def idle_seconds(variables: Any) -> int:
    """What the stage's variables say about streaming; 0: it does not stream."""
    text = variables.get(STREAM_VARIABLE) if isinstance(variables, dict) else None
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() else 0


def streaming_rest(idle: float) -> FrontDoor:
    """A REST API whose integration streams."""
    return replace(
        REST, answer_bytes=STREAM_BYTES, answer_header_bytes=PRELUDE_BYTES, seconds=STREAM_SECONDS, idle_seconds=idle
    )


def find_door(setting: str | None) -> FrontDoor | None:
    """The door that FRONT_DOOR names, None for none and for the local one.

    `rest:60` is a REST API whose integration timeout was raised to 60 seconds, which AWS does on request ([rest]).
    """
    name, _, seconds = (setting or "").partition(":")
    for door in DOORS:
        if door.name == name and door is not LOCAL:
            return replace(door, seconds=float(seconds)) if seconds else door
    return None


def with_limits_of(door: FrontDoor, setting: str | None) -> FrontDoor:
    """The door with the limits of the one that FRONT_DOOR names, for what no event shows.

    An HTTP API with payload format 1.0 sends what a REST API does, and hangs up later. A door that streams says so
    itself.
    """
    named = find_door(setting)
    if named is None or door.idle_seconds is not None:
        return door
    return replace(
        door, answer_bytes=named.answer_bytes, answer_header_bytes=named.answer_header_bytes, seconds=named.seconds
    )


def _detect_v2(context: dict[str, Any]) -> FrontDoor | None:
    if not isinstance(context.get("http"), dict):
        return None
    # [recorded]: an HTTP API names the account that owns it, and a host of API Gateway or a custom domain.
    is_url = context.get("accountId") == "anonymous" or ".lambda-url." in str(context.get("domainName"))
    return URL if is_url else HTTP
