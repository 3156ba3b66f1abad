"""The changes that this process made."""

from __future__ import annotations

import threading

import pytest

from access_es.storage.change_counter import LocalChangeCounter


def test_it_moves_when_a_change_is_over() -> None:
    """Whoever looked while it was under way looks again."""
    changes = LocalChangeCounter()
    before = changes.revision()
    with changes.change():
        assert changes.revision() == before
    assert changes.revision() != before


def test_a_change_that_failed_counts_too() -> None:
    """Perhaps it was done, and only its answer got lost."""
    changes = LocalChangeCounter()
    before = changes.revision()
    with pytest.raises(OSError), changes.change():
        raise OSError
    assert changes.revision() != before


def test_changes_of_many_threads_all_count() -> None:
    changes = LocalChangeCounter()

    def work() -> None:
        for _ in range(1_000):
            with changes.change():
                pass

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert changes.revision() == 4_000
