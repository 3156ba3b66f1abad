"""How requests are sorted for metrics."""

from __future__ import annotations

import pytest

from access_es.outcome import LAYERS, OUTCOMES, layer, outcome

LINES: list[tuple[dict[str, object], str, str]] = [
    ({"status": 200, "delivery": "held"}, "success", "domain"),
    ({"status": 200, "delivery": "compressed zstd"}, "success", "domain"),
    ({"status": 303, "delivery": "spilled"}, "success", "domain"),
    ({"status": 404, "delivery": "held"}, "client_error", "domain"),
    ({"status": 429, "delivery": "held"}, "throttled", "domain"),
    ({"status": 503, "delivery": "streamed"}, "server_error", "domain"),
    ({"status": 403, "delivery": "held", "layer": "iam"}, "refused", "iam"),
    ({"status": 403, "delivery": "held", "layer": "domain"}, "refused", "domain"),
    ({"status": 200, "delivery": "page"}, "success", "access-es"),
    ({"status": 303, "delivery": "task"}, "success", "access-es"),
    ({"status": 401, "delivery": "error", "error": "not_signed_in", "layer": "access-es"}, "refused", "access-es"),
    ({"status": 403, "delivery": "error", "error": "forbidden", "layer": "access-es"}, "refused", "access-es"),
    ({"status": 429, "delivery": "page", "error": "too_many_failures", "layer": "access-es"}, "throttled", "access-es"),
    ({"status": 504, "delivery": "error", "error": "domain_timeout", "layer": "network"}, "server_error", "network"),
    ({"status": 502, "delivery": "error", "error": "no_credentials", "layer": "iam"}, "server_error", "iam"),
    ({"status": 200, "delivery": "cut", "error": "domain_broke_off", "layer": "network"}, "cut", "network"),
    ({"status": 200, "delivery": "cut", "error": "client_gone"}, "client_gone", "client"),
    ({"status": 499, "delivery": "error", "error": "client_gone", "layer": "access-es"}, "client_gone", "client"),
]


@pytest.mark.parametrize(("line", "how", "who"), LINES)
def test_each_line_has_one_outcome_and_one_layer(line: dict[str, object], how: str, who: str) -> None:
    assert (outcome(line), layer(line)) == (how, who)
    assert how in OUTCOMES and who in LAYERS


def test_a_layer_that_nobody_knows_makes_no_new_series() -> None:
    assert layer({"status": 502, "delivery": "error", "layer": "moon"}) in LAYERS
