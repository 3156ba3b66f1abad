"""When a page load goes through the provider again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from access_es.ingress.lambda_event import placeholder_request
from access_es.sign_in.identity import Caller
from access_es.sign_in.renewal import is_renewal_due, renewal_path

ANN = Caller("sso-x", (), "session", renew_at=1_000)


@pytest.mark.parametrize(
    ("now", "method", "headers", "is_due"),
    [
        (999, "GET", (), False),
        (1_000, "GET", (), True),
        (1_000, "GET", (("Sec-Fetch-Dest", "document"),), True),
        (1_000, "GET", (("Sec-Fetch-Dest", "iframe"),), False),
        (1_000, "HEAD", (), False),
    ],
)
def test_only_the_whole_window_and_only_when_it_is_time(
    now: float, method: str, headers: tuple[tuple[str, str], ...], is_due: bool
) -> None:
    request = replace(placeholder_request(), method=method, target=b"/app", headers=headers)
    assert is_renewal_due(ANN, request, now) is is_due


def test_the_way_leads_back_to_what_was_asked_for() -> None:
    request = replace(placeholder_request(), target=b"/app/x?a=1&b=%2F", mount="/dev")
    assert renewal_path(request) == "/dev/--access-es/oidc/start?next=%2Fdev%2Fapp%2Fx%3Fa%3D1%26b%3D%252F"


def test_an_address_that_cannot_be_remembered_waits_for_the_next() -> None:
    assert not is_renewal_due(ANN, replace(placeholder_request(), method="GET", target=b"/" + b"x" * 1_500), 2_000)
