"""What is remembered of slow searches."""

from __future__ import annotations

from access_es.tasks.durations import MAX_SHAPES, TTL_SECONDS, Durations, shape_of


def test_times_sizes_and_ids_make_no_other_shape() -> None:
    first = shape_of("POST", b"/logs-2026.11.20/_search?size=10", b'{"gte":"2026-11-20T00:00:00Z","id":"9f86d081-884c-4d63-a1b2-0123456789ab"}')  # fmt: skip
    again = shape_of("POST", b"/logs-2026.11.21/_search?size=500", b'{"gte":"2026-11-21T07:30:00Z","id":"00000000-884c-4d63-ffff-0123456789ab"}')  # fmt: skip
    assert first == again
    assert first != shape_of("POST", b"/logs-2026.11.20/_search?size=10", b'{"lte":"2026-11-20T00:00:00Z"}')
    assert shape_of("GET", b"/a/_search", b"") != shape_of("GET", b"/b/_search", b"")


def test_a_duration_expires_and_can_be_forgotten() -> None:
    now = [100.0]
    durations = Durations(lambda: now[0])
    assert not durations and durations.expect(b"a") is None
    durations.note(b"a", 40.0)
    assert durations and durations.expect(b"a") == 40.0
    now[0] += TTL_SECONDS
    assert durations.expect(b"a") is None
    durations.forget(b"a")
    assert not durations


def test_it_stays_small() -> None:
    durations = Durations()
    for number in range(MAX_SHAPES + 10):
        durations.note(b"%d" % number, 1.0)
    assert durations.expect(b"9") is None and durations.expect(b"10") == 1.0
