"""Which course a request takes."""

from __future__ import annotations

import pytest

from access_es.settings import LONG_QUERY_PATHS
from access_es.tasks.rules import AtOnce, Course, Handover, Rules, Straight
from tests.tasks.asking import asked

LATER = (("Prefer", "respond-async, wait=3"),)
RULES = Rules((*LONG_QUERY_PATHS, "archive/_search"))


@pytest.mark.parametrize(
    ("method", "target", "course"),
    [
        ("GET", "/logs/_search", Handover()),
        ("GET", "/logs/_doc/1", Straight()),
        ("POST", "/_bulk", Straight()),
        ("POST", "/_reindex", AtOnce(False)),
        ("POST", "/logs/_update_by_query?conflicts=proceed", AtOnce(False)),
        ("POST", "/logs/%5Fupdate_by_query", AtOnce(False)),
        ("POST", "/_reindex?wait_for_completion=false", Straight()),  # the engine's own task answers at once
        ("PUT", "/logs/_shrink/small", AtOnce(False)),
        ("HEAD", "/_reindex", Straight()),
        ("POST", "/archive/_search", AtOnce(True)),
        ("POST", "/my-archive/_search", Handover()),
        ("POST", "/_plugin/kibana/api/console/proxy?path=%2F_reindex&method=POST", AtOnce(False)),
        ("POST", "/_plugin/kibana/api/console/proxy?path=logs%2F_search&method=GET", Handover()),
        ("POST", "/_plugin/kibana/api/console/proxy?path=logs%2F_doc&method=POST", Straight()),
        ("POST", "/_plugin/kibana/api/_reindex", Straight()),
    ],
)
def test_behind_a_door_that_hangs_up(method: str, target: str, course: Course) -> None:
    assert RULES.choose(asked(method, target, answer_by=1.0)) == course


@pytest.mark.parametrize("target", ["/logs/_search", "/_reindex", "/_bulk"])
def test_without_one_requests_simply_wait(target: str) -> None:
    assert RULES.choose(asked("POST", target)) == Straight()


@pytest.mark.parametrize("answer_by", [None, 1.0])
def test_whoever_prefers_it_gets_a_task(answer_by: float | None) -> None:
    assert RULES.choose(asked("POST", "/_bulk", LATER, answer_by=answer_by)) == AtOnce(False, 3.0)
    assert RULES.choose(asked("GET", "/_search", LATER, answer_by=answer_by)) == AtOnce(True, 3.0)
    assert RULES.choose(asked("HEAD", "/x", LATER, answer_by=answer_by)) == Straight()
