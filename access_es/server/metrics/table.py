"""The metrics, each said here once: its name, its labels with all their values, and what it means.

The values are few and known beforehand, so that nobody outside can make series, and each is there from the start.
What is not among them counts as `other`.
"""

from __future__ import annotations

import itertools
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from access_es.outcome import LAYERS, OUTCOMES

OTHER = "other"
DELIVERIES = (
    "page", "redirect", "preflight", "held", "streamed", "compressed", "spilled", "linked", "task", "error", "cut",
)  # fmt: skip
EVENTS = (
    "sign_in", "sign_in_failed", "session_renewed", "sign_out", "sign_out_failed", "session_ended", "sessions_ended",
    "password_changed", "password_change_failed", "token_created", "token_revoked", "permission_denied", "user_created",
    "user_invited", "user_disabled", "user_enabled", "user_removed", "groups_changed", OTHER,
)  # fmt: skip
ERRORS = (
    "accounts_busy", "accounts_unavailable", "answer_headers_too_large", "answer_too_large", "aws_failure",
    "bad_request", "body_too_large", "broken_request_body", "client_gone", "domain_broke_off", "domain_error",
    "domain_timeout", "domain_unreachable", "forbidden", "gateway_timeout", "internal_error", "invitation_over",
    "method_not_allowed", "no_credentials", "no_space", "not_found", "not_signed_in", "overflow_failed",
    "overflow_timeout", "request_timeout", "result_lost", "result_not_kept", "sso_attempt_lost", "sso_cancelled",
    "sso_clock", "sso_misconfigured", "sso_provider_unavailable", "sso_refused", "sso_sign_in_too_old",
    "sso_token_invalid", "task_broke", "task_lost", "task_not_started", "task_too_long", "tasks_unavailable",
    "token_expired", "too_many_failures", "too_many_requests", "wrong_credentials", "wrong_metrics_token", OTHER,
)  # fmt: skip
REFUSALS = (
    "bad_framing", "broken_request_body", "expectation_failed", "headers_too_large", "internal_error",
    "request_timeout", "target_too_long", "too_many_connections", OTHER,
)  # fmt: skip
TASKS = ("at_once", "slow", "hedge", OTHER)
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 900.0)
Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric and its cells: of a counter or gauge one for each series, of a histogram its sum and its buckets."""

    name: str  # without the suffix of its kind, as the library wants it
    kind: Kind
    meaning: str
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    first: int = 0  # its first cell

    @property
    def width(self) -> int:
        """How many cells it has."""
        return len(SECONDS) + 2 if self.kind == "histogram" else len(self.series())

    def series(self) -> list[tuple[str, ...]]:
        """The values of its labels, in the order of its cells."""
        return list(itertools.product(*self.labels.values()))


def _place(metrics: tuple[Metric, ...]) -> tuple[Metric, ...]:
    """The same, each with cells of its own."""
    ends = itertools.accumulate((metric.width for metric in metrics), initial=0)
    return tuple(
        Metric(each.name, each.kind, each.meaning, each.labels, first)
        for each, first in zip(metrics, ends, strict=False)
    )


METRICS = _place((
    Metric("access_es_requests", "counter", "Requests, by how they ended and whose answer it was.",
           {"outcome": OUTCOMES, "layer": LAYERS}),
    Metric("access_es_answers", "counter", "Answers, by how they were sent.", {"delivery": (*DELIVERIES, OTHER)}),
    Metric("access_es_errors", "counter", "Errors of access-es, by their code.", {"code": ERRORS}),
    Metric("access_es_events", "counter", "What people did: sign-ins, failed ones, tokens, refusals.",
           {"event": EVENTS}),
    Metric("access_es_tasks_started", "counter", "Long queries that were started as tasks, by why.",
           {"reason": TASKS}),
    Metric("access_es_request_duration_seconds", "histogram", "From a request's arrival to the end of its answer."),
    Metric("access_es_domain_duration_seconds", "histogram", "Of these, until the domain's answer began."),
    Metric("access_es_request_body_bytes", "counter", "Bytes of the bodies of requests to the domain."),
    Metric("access_es_response_body_bytes", "counter", "Bytes of the bodies of answers, as sent."),
    Metric("access_es_spilled_bytes", "counter", "Bytes stored in S3 for answers that did not fit."),
    Metric("access_es_connections_refused", "counter", "Connections that the server refused, by why.",
           {"code": REFUSALS}),
    Metric("access_es_worker_starts", "counter", "Worker processes that were started."),
    Metric("access_es_workers", "gauge", "Worker processes that have responded in the last seconds."),
    Metric("access_es_connections", "gauge", "Open connections of clients."),
    Metric("access_es_requests_in_progress", "gauge", "Requests that are being answered."),
))  # fmt: skip
CELLS = METRICS[-1].first + METRICS[-1].width
NAMED: Mapping[str, Metric] = {metric.name: metric for metric in METRICS}


def cells_of(name: str) -> dict[tuple[str, ...], int]:
    """The cell of each series."""
    metric = NAMED[name]
    return {values: metric.first + number for number, values in enumerate(metric.series())}


def cells_by_value(name: str) -> dict[str, int]:
    """The cell of each value of a metric's only label."""
    return {value: cell for (value,), cell in cells_of(name).items()}


def cell_of(name: str) -> int:
    """The cell of a metric without labels, and the one of a histogram's sum."""
    return NAMED[name].first


def bucket(seconds: float) -> int:
    """How many cells after its sum a histogram has the bucket for this."""
    return 1 + bisect_left(SECONDS, seconds)  # a bucket holds its bound as well: `le`
