"""Passwords: hashed with scrypt, a few at a time."""

from __future__ import annotations

import threading
import time

import pytest

from access_es.errors import BadRequest, TooManyFailures
from access_es.users.passwords import METHOD, Passwords, check_password
from tests.account_fixtures import FAST_HASHING, PASSWORD


def test_the_right_password_matches_and_others_do_not() -> None:
    passwords = Passwords(FAST_HASHING)
    kept = passwords.hash(PASSWORD)
    assert passwords.matches(kept, PASSWORD)
    for other in ("", PASSWORD + " ", PASSWORD.upper(), PASSWORD[:-1]):
        assert not passwords.matches(kept, other)


def test_equal_passwords_have_different_hashes() -> None:
    passwords = Passwords(FAST_HASHING)
    assert passwords.hash(PASSWORD) != passwords.hash(PASSWORD)


def test_a_password_matches_however_the_keyboard_composes_it() -> None:
    """Precomposed on one system, base letter and accent on another."""
    passwords = Passwords(FAST_HASHING)
    assert passwords.matches(passwords.hash("caf\u00e9 au lait \u212b"), "cafe\u0301 au lait \u00c5")


def test_nobody_matches_nothing_and_costs_what_somebody_costs() -> None:
    passwords = Passwords("scrypt:16384:8:1")
    kept = passwords.hash(PASSWORD)

    def seconds(password_hash: str) -> float:
        started = time.process_time()
        assert not passwords.matches(password_hash, "wrong password")
        return time.process_time() - started

    somebody, dummy_hash = (min(seconds(text) for _ in range(5)) for text in (kept, passwords.dummy_hash))
    assert dummy_hash == pytest.approx(somebody, rel=0.5)


def test_an_absurdly_long_password_is_not_even_hashed() -> None:
    passwords = Passwords(FAST_HASHING)
    assert not passwords.matches(passwords.hash(PASSWORD), "x" * 10_000_000)


def test_the_cost_is_the_one_recommended() -> None:
    """OWASP Password Storage Cheat Sheet: N=2^15, r=8, p=3."""
    assert METHOD.split(":") == ["scrypt", str(2**15), "8", "3"]
    passwords = Passwords()
    assert passwords.matches(passwords.hash(PASSWORD), PASSWORD)


def test_a_hash_of_another_cost_is_outdated() -> None:
    assert Passwords(METHOD).is_outdated(Passwords(FAST_HASHING).hash(PASSWORD))
    assert not Passwords(FAST_HASHING).is_outdated(Passwords(FAST_HASHING).hash(PASSWORD))


def test_few_hash_at_once_few_wait_and_the_rest_gets_retry_after() -> None:
    passwords = Passwords(FAST_HASHING, max_concurrent=2, max_waiting=3)
    go, running, most, refused = threading.Event(), 0, 0, []
    lock = threading.Lock()

    def sign_in() -> None:
        nonlocal running, most
        try:
            with passwords.hashing_slot():
                with lock:
                    running += 1
                    most = max(most, running)
                go.wait(10)
                with lock:
                    running -= 1
        except TooManyFailures as error:
            refused.append(error)

    threads = [threading.Thread(target=sign_in) for _ in range(12)]
    for thread in threads:
        thread.start()
    while len(refused) < 7:
        time.sleep(0.001)
    go.set()
    for thread in threads:
        thread.join()
    assert (most, len(refused)) == (2, 7)
    with passwords.hashing_slot():  # all turns were given back
        pass


@pytest.mark.parametrize("password", [PASSWORD, "x7#q" * 3, "пароль из слов", "   four spaces"])
def test_a_long_password_of_any_characters_is_good(password: str) -> None:
    assert check_password(password, "ann") == password


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("", "too short: use 12"),
        ("short words", "too short"),
        ("x" * 1_025, "too long"),
        ("aaaaaaaaaaaa", "too easy"),
        ("abababababab", "too easy"),
        ("ANN@example.org", "too easy"),
        ("aes_0123456789ab_" + "Az09" * 10, "form of an API token"),
    ],
)
def test_a_bad_password_is_refused_with_the_rule_it_breaks(password: str, why: str) -> None:
    with pytest.raises(BadRequest, match=why):
        check_password(password, "ann@example.org")
