"""What each door breaks for good: names in `tests/vectors/targets.json`, and why nobody behind the door can fix it."""

from __future__ import annotations

# API Gateway developer guide, "important notes": a semicolon splits the data, a raw pipe is not supported.
_REST = {
    "semicolon-query-too", "query-semicolon", "query-semicolon-pairs", "query-subdelims", "raw-pipe",
    "query-latin1", "query-bad-utf8",  # decoded to text, which these bytes are not
}  # fmt: skip
# The path is decoded twice before a function sees it, and cut at a question mark in between (recorded:
# tests/vectors/events/ingress-paths.json).
_HTTP = {
    "date-math", "date-math-format", "date-math-zone", "date-math-minus", "date-math-lower", "date-math-round",
    "date-math-mixed", "slash", "slash-lower", "slash-twice", "slash-end", "slash-only", "scripts",  # an escaped slash
    "percent", "percent-hex", "percent-percent", "percent-deep", "lone-percent", "bad-hex",  # a percent sign
    "question", "question-equals",
    "dots-escaped", "dots-escaped-lower", "dots-half-escaped", "dot-escaped", "dots-slash-escaped", "dots-double-escaped",
    "latin1-path", "bad-utf8-path", "overlong-path",  # decoded to text, which these bytes are not
}  # fmt: skip
# Without multi-value headers a balancer hands over the last value of each name.
_LAST = {"query-repeat", "query-repeat-unsorted", "query-repeat-same", "query-repeat-empty", "query-sort-values"}

TARGETS: dict[str, set[str]] = {
    "rest": _REST,
    "rest-stage": _REST,
    "rest-streaming": _REST,
    "http": _HTTP,
    "http-stage": _HTTP,
    "url": set(),
    "alb": set(),
    "alb-single": _LAST,
}
# Spelled as they were sent, beyond what fidelity allows anyway: `rawPath` and `rawQueryString` are raw. An empty query
# looks like none.
VERBATIM = {"url": {"root-empty-query"}}
# A balancer takes what calls itself text for UTF-8.
BODIES: dict[str, set[str]] = {"alb": {"utf-16"}, "alb-single": {"utf-16"}}
# Without multi-value headers, the last value of each name again.
HEADERS: dict[str, set[str]] = {"alb-single": {"accept", "x-one"}}
# Below a stage, an address on the domain in `Link` gets the stage, as one in `Location` does.
# Every door tells its own time; some keep what they replace under another name, and add ids of theirs.
_RENAMED = {"date", "server", "x-amzn-remapped-date", "x-amzn-remapped-server"}
_REST_HEADERS = {
    *_RENAMED, "content-md5", "user-agent", "x-amzn-remapped-content-md5", "x-amzn-remapped-user-agent",
    "x-amz-apigw-id", "x-amzn-requestid",
}  # fmt: skip
ANSWER_HEADERS: dict[str, set[str]] = {
    "rest": _REST_HEADERS,
    "rest-stage": {*_REST_HEADERS, "link"},
    "rest-streaming": _REST_HEADERS,
    "http": {"date"},
    "http-stage": {"date", "link"},
    "url": _RENAMED,
    "alb": {"date"},
}
# Methods that a door refuses by itself.
METHODS: dict[str, set[str]] = {
    "rest": {"REPORT"},
    "rest-stage": {"REPORT"},
    "rest-streaming": {"REPORT"},
    "alb": {"REPORT"},
    "alb-single": {"REPORT"},
}
