import itertools
import json
from datetime import UTC, datetime, timedelta

from access_es.demo.log_documents import DAYS, LARGE_EVERY, log_documents

NOW = datetime(2024, 5, 17, 12, 0, tzinfo=UTC)


def test_the_same_seed_and_moment_give_the_same_logs() -> None:
    assert list(log_documents(NOW, 500)) == list(log_documents(NOW, 500))
    assert list(log_documents(NOW, 500)) != list(log_documents(NOW, 500, seed=2))


def test_logs_go_on_from_a_week_ago_until_now() -> None:
    times = [document.time for document in log_documents(NOW, 5000)]
    assert len(times) == 5000
    assert all(earlier < later for earlier, later in itertools.pairwise(times))
    assert NOW - timedelta(days=DAYS) <= times[0] < NOW - timedelta(days=DAYS - 0.1)
    assert times[-1] == NOW


def test_a_day_has_busy_and_quiet_hours() -> None:
    documents = log_documents(NOW, 7000)
    per_hour = [0] * 24
    for document in documents:
        per_hour[document.time.hour] += 1
    assert max(per_hour) > 2 * min(per_hour) > 0


def test_every_moment_has_documents() -> None:
    """Discover's usual fifteen minutes are not empty either."""
    recent = [document for document in log_documents(NOW, 30_000) if document.time > NOW - timedelta(minutes=15)]
    assert len(recent) >= 10


def test_some_documents_are_large() -> None:
    sizes = [len(json.dumps(document.fields)) for document in log_documents(NOW, 3 * LARGE_EVERY)]
    large = [size for size in sizes if size > 50_000]
    assert len(large) == 3
    assert all(50_000 < size < 110_000 for size in large)
    assert sorted(sizes)[len(sizes) // 2] < 1000


def test_an_error_says_what_went_wrong() -> None:
    errors = [document.fields for document in log_documents(NOW, 2000) if document.fields["level"] == "ERROR"]
    assert 10 < len(errors) < 200
    for fields in errors:
        assert fields["request"]["status"] >= 500
        assert fields["error"]["stack_trace"].startswith(fields["message"])
