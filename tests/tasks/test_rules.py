"""How a request is sent."""

from __future__ import annotations

import pytest

from access_es.settings.names import LONG_QUERY_PATHS
from access_es.tasks.rules import Direct, Rules, Strategy, TaskAtOnce, TaskWhenSlow
from tests.tasks.requests import asked

LATER = (("Prefer", "respond-async, wait=3"),)
READ = TaskWhenSlow(after_a_while=False)
RULES = Rules((*LONG_QUERY_PATHS, "archive/_search"))


@pytest.mark.parametrize(
    ("method", "target", "course"),
    [
        ("GET", "/logs/_search", TaskWhenSlow()),
        ("GET", "/logs/_doc/1", READ),
        ("GET", "/", READ),
        ("GET", "/logs", READ),
        ("GET", "/_cat/indices?v", READ),
        ("GET", "/_cluster/health?wait_for_status=green", READ),
        ("GET", "/logs,metrics/_stats/docs", READ),
        ("GET", "/_all/_mapping", READ),
        ("GET", "/logs/%5Fsettings", READ),
        ("POST", "/_plugin/kibana/api/console/proxy?path=_cat%2Findices&method=GET", READ),
        ("HEAD", "/logs", Direct()),
        ("DELETE", "/logs", Direct()),
        ("POST", "/logs/_doc/1", Direct()),
        ("GET", "/_search/scroll?scroll_id=x", Direct()),
        ("GET", "/_sql?query=x", Direct()),
        ("GET", "/_async_search/abc", Direct()),
        ("GET", "/logs/_refresh", Direct()),
        ("GET", "/logs/_stats?scroll=1m", Direct()),
        ("GET", "/_cat/../_flush", Direct()),
        ("GET", "/_plugin/kibana/app/kibana", Direct()),
        ("GET", "/_dashboards/api/saved_objects/_find", Direct()),
        ("POST", "/_bulk", Direct()),
        ("POST", "/_reindex", TaskAtOnce(False)),
        ("POST", "/logs/_update_by_query?conflicts=proceed", TaskAtOnce(False)),
        ("POST", "/logs/%5Fupdate_by_query", TaskAtOnce(False)),
        ("POST", "/_reindex?wait_for_completion=false", Direct()),  # the engine's own task answers at once
        ("PUT", "/logs/_shrink/small", TaskAtOnce(False)),
        ("HEAD", "/_reindex", Direct()),
        ("POST", "/archive/_search", TaskAtOnce(True)),
        ("POST", "/my-archive/_search", TaskWhenSlow()),
        ("POST", "/_plugin/kibana/api/console/proxy?path=%2F_reindex&method=POST", TaskAtOnce(False)),
        ("POST", "/_plugin/kibana/api/console/proxy?path=logs%2F_search&method=GET", TaskWhenSlow()),
        ("POST", "/_plugin/kibana/api/console/proxy?path=logs%2F_doc&method=POST", Direct()),
        ("POST", "/_plugin/kibana/api/_reindex", Direct()),
    ],
)
def test_behind_a_door_that_hangs_up(method: str, target: str, course: Strategy) -> None:
    assert RULES.choose(asked(method, target, answer_by=1.0)) == course


@pytest.mark.parametrize("target", ["/logs/_search", "/_reindex", "/_bulk"])
def test_without_one_requests_simply_wait(target: str) -> None:
    assert RULES.choose(asked("POST", target)) == Direct()


@pytest.mark.parametrize("answer_by", [None, 1.0])
def test_whoever_prefers_it_gets_a_task(answer_by: float | None) -> None:
    assert RULES.choose(asked("POST", "/_bulk", LATER, answer_by=answer_by)) == TaskAtOnce(False, 3.0)
    assert RULES.choose(asked("GET", "/_search", LATER, answer_by=answer_by)) == TaskAtOnce(True, 3.0)
    assert RULES.choose(asked("HEAD", "/x", LATER, answer_by=answer_by)) == Direct()
