"""Who may try out a door."""

from __future__ import annotations

import io
import time
from dataclasses import replace

import pytest

from access_es.door_probe.answer import answer_probe
from access_es.door_probe.cases import CASES, Case
from access_es.door_probe.signature import HEADER, is_signed, sign
from access_es.errors import DomainDisconnected, DomainTimeout, NotFound
from access_es.messages import ProxyRequest

NEW, OLD = "n" * 40, "o" * 40
PATH, NOW = "/--access-es/probe/byte", 1_800_000_000.0


@pytest.mark.parametrize("secret", [NEW, OLD])
def test_whoever_has_one_of_the_secrets(secret: str) -> None:
    assert is_signed(sign(secret, "GET", PATH, NOW), (NEW, OLD), "GET", PATH, NOW + 100)


def test_nobody_else() -> None:
    signed = sign(NEW, "GET", PATH, NOW)
    until, _, code = signed.partition(".")
    for text, method, path, now in (
        (sign("x" * 40, "GET", PATH, NOW), "GET", PATH, NOW),
        (signed, "HEAD", PATH, NOW),
        (signed, "GET", PATH + "/", NOW),
        (signed, "GET", PATH, NOW + 121),
        (sign(NEW, "GET", PATH, NOW + 1000), "GET", PATH, NOW),  # nobody signs for long
        (f"{int(until) + 1}.{code}", "GET", PATH, NOW),
        (f"{until}.", "GET", PATH, NOW),
        (f"{until}.{'é' * 64}", "GET", PATH, NOW),
        (f"٣.{code}", "GET", PATH, NOW),
        ("." * 5000, "GET", PATH, NOW),
        ("", "GET", PATH, NOW),
        (None, "GET", PATH, NOW),
    ):
        assert not is_signed(text, (NEW, OLD), method, path, now), text


def asked(name: str, method: str = "GET", text: str | None = None) -> ProxyRequest:
    path = f"/--access-es/probe/{name}"
    signed = sign(NEW, method, path, time.time()) if text is None else text
    return ProxyRequest("id", method, path.encode(), ((HEADER, signed),), io.BytesIO(), "https", "")


@pytest.mark.parametrize(
    "request_", [asked("byte", text=""), asked("nothing"), asked("byte", "POST"), asked("head", "GET"), asked("")]
)
def test_for_everybody_else_there_is_no_such_address(request_: ProxyRequest) -> None:
    with pytest.raises(NotFound):
        answer_probe(request_, (NEW,), time.time())


@pytest.mark.parametrize("case", [case for case in CASES if not case.delay_seconds], ids=lambda case: case.name)
def test_each_answer_is_what_its_case_says(case: Case) -> None:
    answer = answer_probe(asked(case.name, case.method), (NEW,), time.time())
    assert answer.status == case.status
    if case.fails_after is not None:
        with pytest.raises(DomainDisconnected):
            list(answer.body)
    elif not case.is_compressed:
        assert sum(map(len, answer.body)) == (case.size_bytes if case.has_body else 0)


def test_a_slow_one_ends_when_the_door_would() -> None:
    began = time.monotonic()
    with pytest.raises(DomainTimeout):
        answer_probe(replace(asked("slow"), answer_by=began + 0.1), (NEW,), time.time())
    assert time.monotonic() - began < 0.3
