"""What every store of tasks does: a file here, a table there."""

from __future__ import annotations

import stat
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from access_es.messages import Grant, SignAs
from access_es.tasks.dynamodb_schema import ACTIONS
from access_es.tasks.failures import ResultLost, TasksUnusable
from access_es.tasks.sqlite_store import SqliteStore, TaskFile
from access_es.tasks.store import LIFETIME_SECONDS, Failure, Progress, Result, TaskRequest
from access_es.tasks.stored_body import StoredBody
from tests.tasks.conftest import Clock, StoreFixture, cloud_place, throttled

HEADERS = (("X-A", "caf\xe9"), ("x-a", ""), ("Cookie", 'k="v"'))
REQUEST = TaskRequest("POST", b"/a%2Fb/_search?q=\xff", HEADERS, StoredBody(5, False, b"\0\xff{}\n"), True)
RESULT = Result(201, "", HEADERS, StoredBody(3, True, b"abc"))


def create(place: StoreFixture, id: str = "t1") -> None:
    place.store.create(id, REQUEST, place.clock() + LIFETIME_SECONDS)


def test_a_task_from_its_beginning_to_its_end(place: StoreFixture) -> None:
    assert place.store.read_progress("t1") is None
    create(place)
    assert place.store.read_progress("t1") == Progress("new", place.clock())
    assert place.store.request("t1") == REQUEST
    place.clock.now += 1.25
    assert place.store.claim("t1", "r1")
    assert place.store.read_progress("t1") == Progress("claimed", place.clock())
    place.clock.now += 1
    assert place.store.record_heartbeat("t1", "r1")
    assert place.store.read_progress("t1") == Progress("claimed", place.clock())
    place.store.finish("t1", "r1", RESULT)
    progress = place.store.read_progress("t1")
    assert progress is not None and progress.state == "done"
    assert place.store.result("t1") == RESULT


def test_what_a_limited_user_was_allowed_by_and_whose_role_signs_are_kept(place: StoreFixture) -> None:
    grant, sign_as = Grant((("read", "logs-*"),), "scroll"), SignAs("arn:x", "ann", ("a", "b"), True, True)
    asked = replace(REQUEST, grant=grant, sign_as=sign_as)
    place.store.create("t2", asked, place.clock() + LIFETIME_SECONDS)
    assert place.store.request("t2") == asked


@pytest.mark.parametrize(
    "result",
    [
        Result(200, None, (), StoredBody(0, False, b"")),
        Result(599, "caf\xe9", (("A", "b"),) * 3, StoredBody(10**9, True, None)),
        Result(504, None, (), StoredBody(0, False, b""), Failure(504, "domain_timeout", "network", "Too late.")),
    ],
)
def test_any_result_is_kept_as_it_is(place: StoreFixture, result: Result) -> None:
    create(place)
    place.store.claim("t1", "r1")
    place.store.finish("t1", "r1", result)
    assert place.store.result("t1") == result


def test_only_one_of_many_claims_holds(place: StoreFixture) -> None:
    create(place)
    barrier = threading.Barrier(8)

    def claim(number: int) -> bool:
        barrier.wait()
        return place.store.claim("t1", f"r{number}")

    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(claim, range(8))) == 1


def test_a_finished_or_withdrawn_task_is_never_claimed(place: StoreFixture) -> None:
    for id in ("t1", "t2"):
        create(place, id)
    place.store.claim("t1", "r1")
    place.store.finish("t1", "r1", RESULT)
    assert place.store.withdraw("t2")
    assert not place.store.claim("t1", "r2") and not place.store.claim("t2", "r2")
    assert place.store.withdraw("t2")  # as before
    assert not place.store.withdraw("t1")
    assert not place.store.claim("unknown", "r1")
    assert place.store.read_progress("t2") == Progress("withdrawn", place.clock())


def test_a_runner_learns_that_the_task_was_cancelled(place: StoreFixture) -> None:
    create(place)
    place.store.claim("t1", "r1")
    place.store.abandon("t1")
    assert not place.store.record_heartbeat("t1", "r1")


def test_what_is_under_way_cannot_be_withdrawn_and_goes_on(place: StoreFixture) -> None:
    create(place)
    place.store.claim("t1", "r1")
    assert not place.store.withdraw("t1")
    assert place.store.record_heartbeat("t1", "r1")


def test_nobody_begins_what_nobody_waits_for(place: StoreFixture) -> None:
    create(place)
    place.store.abandon("t1")
    assert not place.store.claim("t1", "r1")


def test_what_another_runner_says_counts_for_nothing(place: StoreFixture) -> None:
    create(place)
    place.store.claim("t1", "r1")
    assert not place.store.record_heartbeat("t1", "r2")
    assert place.store.record_heartbeat("t1", "r1")


def test_an_expired_task_is_not_there(place: StoreFixture) -> None:
    """DynamoDB may take days to delete it."""
    create(place)
    create(place, "t2")
    place.clock.now += LIFETIME_SECONDS + 1
    assert place.store.read_progress("t1") is None
    assert not place.store.claim("t2", "r1")


def test_a_result_that_is_gone_is_lost(place: StoreFixture) -> None:
    with pytest.raises(ResultLost):
        place.store.result("unknown")


def test_the_file_is_its_owners(tmp_path: Path) -> None:
    SqliteStore(TaskFile(tmp_path / "state" / "tasks.db")).read_progress("x")
    assert stat.S_IMODE((tmp_path / "state" / "tasks.db").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700


def test_a_file_that_cannot_be_used_says_so(tmp_path: Path) -> None:
    (tmp_path / "tasks.db").write_bytes(b"no database " * 100)
    with pytest.raises(TasksUnusable) as raised:
        SqliteStore(TaskFile(tmp_path / "tasks.db")).read_progress("x")
    assert "tasks.db" in raised.value.detail and "tasks.db" not in raised.value.message


def test_the_file_forgets_what_has_expired(tmp_path: Path) -> None:
    clock = Clock()
    file = TaskFile(tmp_path / "tasks.db")
    store = SqliteStore(file, clock)
    for id in ("t1", "t2"):
        store.create(id, REQUEST, clock() + 10)
        clock.now += 11
    with file.open() as connection:
        assert connection.execute("SELECT id FROM tasks").fetchall() == [("t2",)]


@pytest.mark.usefixtures("aws")
class TestTable:
    def test_a_poll_is_one_small_read(self) -> None:
        place = cloud_place(Clock())
        create(place)
        place.calls.clear()
        place.store.read_progress("t1")
        assert place.calls == ["get_item"]

    def test_no_call_needs_more_than_provisioning_allows(self) -> None:
        place = cloud_place(Clock())
        create(place)
        place.store.claim("t1", "r1")
        place.store.record_heartbeat("t1", "r1")
        place.store.finish("t1", "r1", RESULT)
        place.store.result("t1")
        place.store.abandon("t1")
        assert {f"dynamodb:{call.title().replace('_', '')}" for call in place.calls} == set(ACTIONS)

    def test_a_claim_whose_answer_got_lost_holds(self) -> None:
        """botocore repeats the call; its own first attempt is what stands in the way."""
        place = cloud_place(Clock())
        create(place)
        assert place.store.claim("t1", "r1") and place.store.claim("t1", "r1")
        assert not place.store.claim("t1", "r2")

    def test_a_throttled_table_is_said_to_be_unusable(self) -> None:
        place = cloud_place(Clock())
        create(place)

        def fail(operation: str) -> None:
            raise throttled(operation)

        assert place.fail is not None
        place.fail(fail)
        with pytest.raises(TasksUnusable) as raised:
            place.store.read_progress("t1")
        assert "ProvisionedThroughputExceeded" in raised.value.detail
