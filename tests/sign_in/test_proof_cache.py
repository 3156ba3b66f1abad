"""What was verified a short time ago."""

from __future__ import annotations

import threading

from access_es.sign_in.proof_cache import ProofCache


def test_what_is_put_is_found_until_it_is_forgotten() -> None:
    remembered: ProofCache[str] = ProofCache()
    key = remembered.key("Bearer secret")
    assert remembered.get(key) is None
    remembered.put(key, "ann")
    assert remembered.get(remembered.key("Bearer secret")) == "ann"
    remembered.forget(key)
    remembered.forget(key)
    assert remembered.get(key) is None


def test_keys_say_nothing_and_differ_between_processes() -> None:
    one: ProofCache[str] = ProofCache()
    two: ProofCache[str] = ProofCache()
    assert b"secret" not in one.key("secret")
    assert one.key("secret") != two.key("secret")
    assert one.key("\udcff é") != one.key("\udcfe é")


def test_the_oldest_goes_when_there_are_too_many() -> None:
    remembered: ProofCache[int] = ProofCache(max_entries=3)
    for number in (1, 2, 3, 1, 4):
        remembered.put(remembered.key(str(number)), number)
    assert [remembered.get(remembered.key(str(number))) for number in (1, 2, 3, 4)] == [1, None, 3, 4]


def test_many_threads_never_exceed_the_bound() -> None:
    remembered: ProofCache[int] = ProofCache(max_entries=50)

    def fill(start: int) -> None:
        for number in range(start, start + 500):
            remembered.put(remembered.key(str(number)), number)

    threads = [threading.Thread(target=fill, args=(start,)) for start in range(0, 4_000, 1_000)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(remembered._values) == 50
