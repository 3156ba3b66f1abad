"""docs/costs.md says what its own arithmetic says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bench import costs


def test_the_document_has_the_tables_that_follow_from_prices_and_measurements() -> None:
    text = costs.DOCUMENT.read_text()
    assert costs.write(text) == text


def test_a_slow_line_costs_a_streaming_function_more_and_others_nothing() -> None:
    fast, slow = (costs.doors(replace(costs.Usage(), line_megabytes=line)) for line in (100.0, 1.0))
    assert slow["REST API, streaming"][0] > fast["REST API, streaming"][0]
    assert slow["REST API"] == fast["REST API"]


def test_one_more_request_for_each_10_megabytes_of_a_stream() -> None:
    usage = costs.Usage()
    month = costs.add_up(usage)
    whole, streamed = (costs.gateway_dollars(door, month, usage) for door in ("rest", "rest-streaming"))
    assert streamed - whole == pytest.approx(month.exports * 3 * costs.PRICES["rest"].dollars / 1e6)
