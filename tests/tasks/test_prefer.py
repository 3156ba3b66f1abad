"""`Prefer`, by the examples and words of RFC 7240."""

from __future__ import annotations

import pytest

from access_es.tasks.prefer import RespondAsync, read_preference


@pytest.mark.parametrize(
    ("lines", "found"),
    [
        ((), None),
        (("return=minimal",), None),
        (("wait=10",), None),
        (("respond-async",), RespondAsync(0)),
        (("Respond-Async",), RespondAsync(0)),
        (("respond-async, wait=10",), RespondAsync(10)),
        (("wait=10", "respond-async"), RespondAsync(10)),
        (("respond-async; foo=bar , wait = 7",), RespondAsync(7)),
        (('respond-async, wait="12"',), RespondAsync(12)),
        (("respond-async, wait=5, wait=9",), RespondAsync(5)),  # 2: named at most once, or the first one counts
        (("respond-async, wait=soon",), RespondAsync(0)),
        (("respond-async, wait=-1",), RespondAsync(0)),
        (("respond-async, wait=99999999999999",), RespondAsync(0)),
        (("respond-async, wait=²",), RespondAsync(0)),
    ],
)
def test_a_client_may_prefer_an_answer_later(lines: tuple[str, ...], found: RespondAsync | None) -> None:
    headers = (("Accept", "respond-async"), *(("prefer", line) for line in lines))
    assert read_preference(headers) == found
