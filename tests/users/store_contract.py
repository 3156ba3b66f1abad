"""What every implementation of the stores must do, whatever keeps the data."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from access_es.users import tokens
from access_es.users.change_log import Actor, make_change
from access_es.users.last_use import Use
from access_es.users.sessions import SessionRecord
from access_es.users.stores import Failures, Stores
from access_es.users.tokens import Token
from access_es.users.user import User, disabled, enabled, with_groups, with_password, with_same_password

NOW = 1_800_000_000.0


def user(name: str = "ann") -> User:
    return User(name, "scrypt$hash", int(NOW))


def token(label: str = "ci", owner: str = "ann", now: float = NOW) -> Token:
    return tokens.issue(owner, label, 90, now)[0]


def record(id: str = "one", owner: str = "ann", *, last_used: int = int(NOW), epoch: str = "epoch") -> SessionRecord:
    begun, until = int(NOW) - 5, int(NOW) + 3_600
    return SessionRecord(id, owner, epoch, "Firefox on Linux", "2001:db8::1", "password", begun, until, last_used)


class StoreContract:
    """Subclasses give the fixture `stores`, empty."""

    def test_a_user_comes_back_as_it_was_put(self, stores: Stores) -> None:
        put = disabled(User("ann@example.org", "scrypt$ü", 5, groups=("ops", "/search/Lesende ü")))
        assert stores.users.add(put)
        assert stores.users.find("ann@example.org") == put

    def test_a_user_of_a_provider_comes_back_as_it_was_put(self, stores: Stores) -> None:
        put = User("sso-x", "", 5, ("/search",), False, "e", "https://id.example", "a|b", "Ann Ü", int(NOW))
        assert stores.users.add(put)
        assert stores.users.find("sso-x") == put
        later = replace(put, display_name="Ann B", signed_in=int(NOW) + 5)
        assert stores.users.replace(put, later)
        assert stores.users.all() == [later]

    def test_an_unknown_user_is_none(self, stores: Stores) -> None:
        assert stores.users.find("nobody") is None

    @pytest.mark.parametrize("name", ["", "a\0b", "'; DROP TABLE users; --", "ü" * 5_000, "\U0001f600"])
    def test_any_text_may_be_asked_for(self, stores: Stores, name: str) -> None:
        assert stores.users.find(name) is None
        assert stores.tokens.find(name) is None

    def test_a_name_is_taken_once(self, stores: Stores) -> None:
        first = user()
        assert stores.users.add(first)
        assert not stores.users.add(user())
        assert stores.users.find("ann") == first

    def test_users_are_listed_by_name(self, stores: Stores) -> None:
        for name in ("mia", "ann", "zoe"):
            stores.users.add(user(name))
        assert [found.name for found in stores.users.all()] == ["ann", "mia", "zoe"]

    def test_a_user_is_replaced(self, stores: Stores) -> None:
        old = user()
        stores.users.add(old)
        new = with_password(old, "another")
        assert stores.users.replace(old, new)
        assert stores.users.find("ann") == new

    def test_groups_that_changed_meanwhile_are_not_undone(self, stores: Stores) -> None:
        old = user()
        stores.users.add(old)
        moved = with_groups(old, ("ops",))
        assert stores.users.replace(old, moved)
        assert not stores.users.replace(old, with_same_password(old, "hashed anew"))
        assert stores.users.replace(moved, with_groups(moved, ()))
        assert stores.users.find("ann") == old

    def test_a_token_comes_back_with_its_roles(self, stores: Stores) -> None:
        for label, roles in (("all", None), ("none", ()), ("two", ("analyst", "shipper"))):
            put = tokens.issue("ann", label, 90, NOW, roles)[0]
            assert stores.tokens.add(put)
            assert stores.tokens.find(put.id) == put and put in stores.tokens.of("ann")

    def test_a_change_is_not_undone_by_a_slower_one(self, stores: Stores) -> None:
        """Two who read the same record: the second to write is told to look again."""
        old = user()
        stores.users.add(old)
        stronger = with_password(old, "new password")
        assert stores.users.replace(old, stronger)
        assert not stores.users.replace(old, with_same_password(old, "old password hashed anew"))
        rehashed = with_same_password(stronger, "hashed anew")
        assert stores.users.replace(stronger, rehashed)
        assert not stores.users.replace(stronger, disabled(stronger))
        assert stores.users.find("ann") == rehashed

    def test_a_removed_user_cannot_be_replaced(self, stores: Stores) -> None:
        old = user()
        stores.users.add(old)
        assert stores.users.remove("ann")
        assert not stores.users.remove("ann")
        assert not stores.users.replace(old, enabled(old))
        assert stores.users.find("ann") is None

    def test_only_one_of_many_gets_a_name(self, stores: Stores) -> None:
        added: list[bool] = []
        threads = [threading.Thread(target=lambda: added.append(stores.users.add(user()))) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(added) == [False] * 7 + [True]

    def test_a_token_comes_back_as_it_was_put(self, stores: Stores) -> None:
        put = token()
        assert stores.tokens.add(put)
        assert stores.tokens.find(put.id) == put

    def test_a_label_is_unique_for_its_user(self, stores: Stores) -> None:
        assert stores.tokens.add(token())
        assert not stores.tokens.add(token())
        assert stores.tokens.add(token(owner="bob"))
        assert len(stores.tokens.of("ann")) == 1

    def test_tokens_are_listed_oldest_first(self, stores: Stores) -> None:
        stores.tokens.add(token("second", now=NOW + 1))
        stores.tokens.add(token("first", now=NOW))
        assert [found.label for found in stores.tokens.of("ann")] == ["first", "second"]

    def test_a_token_is_removed_by_its_label(self, stores: Stores) -> None:
        kept, gone, bobs = token("kept"), token("gone"), token("gone", "bob")
        for put in (kept, gone, bobs):
            stores.tokens.add(put)
        assert stores.tokens.remove("ann", "gone")
        assert not stores.tokens.remove("ann", "gone")
        assert stores.tokens.find(gone.id) is None
        assert stores.tokens.find(bobs.id) == bobs
        assert stores.tokens.of("ann") == [kept]

    def test_all_tokens_of_a_user_are_removed(self, stores: Stores) -> None:
        bobs = token(owner="bob")
        for put in (token("one"), token("two"), bobs):
            stores.tokens.add(put)
        stores.tokens.remove_all("ann")
        assert stores.tokens.of("ann") == []
        assert stores.tokens.of("bob") == [bobs]

    def test_a_session_is_revoked(self, stores: Stores) -> None:
        assert not stores.revocations.is_revoked("one")
        stores.revocations.revoke("one", NOW + 60)
        stores.revocations.revoke("one", NOW + 60)
        assert stores.revocations.is_revoked("one")
        assert not stores.revocations.is_revoked("two")

    def test_failures_are_counted(self, stores: Stores) -> None:
        stores.failures.record(("a", "b"), NOW, 100)
        stores.failures.record(("a",), NOW + 5, 100)
        assert stores.failures.read(("a", "b", "c")) == {"a": Failures(2, NOW + 5), "b": Failures(1, NOW)}

    def test_failures_are_forgotten_after_a_quiet_time(self, stores: Stores) -> None:
        stores.failures.record(("a",), NOW, 100)
        stores.failures.record(("a",), NOW + 99, 100)
        assert stores.failures.read(("a",))["a"].count == 2
        stores.failures.record(("a",), NOW + 200, 100)
        assert stores.failures.read(("a",))["a"].count == 1

    def test_failures_are_cleared(self, stores: Stores) -> None:
        stores.failures.record(("a", "b"), NOW, 100)
        stores.failures.clear(("a",))
        assert set(stores.failures.read(("a", "b"))) == {"b"}

    def test_failures_of_many_threads_are_all_counted(self, stores: Stores) -> None:
        def fail() -> None:
            for _ in range(5):
                stores.failures.record(("a",), NOW, 100)

        threads = [threading.Thread(target=fail) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert stores.failures.read(("a",))["a"].count == 20

    def test_a_session_comes_back_as_it_was_put(self, stores: Stores) -> None:
        put = replace(record(), device="Ü on ü", how="provider", provider_session="sid:x")
        stores.sessions.put(put)
        assert stores.sessions.of("ann") == stores.sessions.all() == [put]

    def test_a_session_that_is_put_again_keeps_its_beginning(self, stores: Stores) -> None:
        stores.sessions.put(record())
        renewed = SessionRecord(
            "one", "ann", "e2", "x", "y", "provider", int(NOW), int(NOW) + 7_200, int(NOW) + 9, "sid"
        )
        stores.sessions.put(renewed)
        was = record()
        kept = replace(renewed, device=was.device, place=was.place, how=was.how, begun=was.begun)
        assert stores.sessions.of("ann") == [kept]

    def test_sessions_are_listed_by_their_use(self, stores: Stores) -> None:
        """Those of users whose names begin alike are not mixed up."""
        earlier, later, other = record("a", last_used=1), record("b", last_used=2), record("c", "ann2", last_used=3)
        for put in (earlier, later, other):
            stores.sessions.put(put)
        assert stores.sessions.of("ann") == [later, earlier]
        assert stores.sessions.all() == [other, later, earlier]
        assert stores.sessions.of("an") == []

    def test_a_session_whose_time_is_over_is_not_found(self, stores: Stores) -> None:
        stores.sessions.put(replace(record(), until=int(NOW)))
        assert stores.sessions.of("ann") == stores.sessions.all() == []

    def test_sessions_are_removed(self, stores: Stores) -> None:
        for put in (record("one"), record("two"), record("three"), record("four", "bob")):
            stores.sessions.put(put)
        assert stores.sessions.remove("ann", "one")
        assert not stores.sessions.remove("ann", "one")
        assert not stores.sessions.remove("ann", "four")
        assert {found.id for found in stores.sessions.of("ann")} == {"two", "three"}
        stores.sessions.put(record("five", epoch="later"))
        stores.sessions.remove_all("ann", but_epoch="later")
        assert {found.id for found in stores.sessions.all()} == {"four", "five"}
        stores.sessions.remove_all("ann")
        assert [found.id for found in stores.sessions.all()] == ["four"]

    def test_the_use_of_everything_is_noted_when_it_is_due(self, stores: Stores) -> None:
        put, now = token(), int(NOW) + 1_000
        stores.users.add(user())
        stores.tokens.add(put)
        stores.sessions.put(record())
        whole = Use("ann", ("ann", "one"), put, "nightly")
        for later, before, seen in ((0, -900, 0), (10, -890, 0), (900, 0, 900)):
            stores.last_use.note(whole, now + later, now + before)
            assert times(stores, put) == {now + seen}

    def test_a_use_that_another_process_noted_is_not_noted_again(self, stores: Stores) -> None:
        stores.users.add(user())
        stores.last_use.note(Use("ann"), 500, 0)
        stores.last_use.note(Use("ann"), 600, 499)
        assert found(stores).last_used == 500

    def test_a_part_alone_is_noted(self, stores: Stores) -> None:
        """A user may be active by one session long after another was used."""
        stores.users.add(user())
        stores.sessions.put(record("one", last_used=5))
        stores.sessions.put(record("two", last_used=5))
        stores.last_use.note(Use("ann", ("ann", "two")), 1_000, 100)
        assert found(stores).last_used == 1_000
        assert {one.id: one.last_used for one in stores.sessions.of("ann")} == {"one": 5, "two": 1_000}

    def test_what_does_not_exist_is_not_made_by_its_use(self, stores: Stores) -> None:
        stores.last_use.note(Use("ann", ("ann", "one"), token()), 1_000, 100)
        assert (stores.users.all(), stores.tokens.of("ann"), stores.sessions.all()) == ([], [], [])
        stores.last_use.note(Use("ann", is_sign_in=True), 1_000, 100)
        assert stores.users.all() == []
        assert stores.last_use.machines() == {}

    def test_a_session_or_a_token_alone_says_nothing_of_its_user(self, stores: Stores) -> None:
        """Whose last use was noted not long ago."""
        put = token()
        stores.users.add(user())
        stores.tokens.add(put)
        stores.sessions.put(record("one", last_used=5))
        stores.last_use.note(Use(session=("ann", "one"), token=put), 1_000, 100)
        assert found(stores).last_used == 0
        assert stores.sessions.of("ann")[0].last_used == stores.tokens.of("ann")[0].last_used == 1_000

    def test_a_token_that_took_the_label_of_another_is_not_in_use(self, stores: Stores) -> None:
        stores.tokens.add(token())
        stores.last_use.note(Use("ann", token=token()), 1_000, 100)
        assert [one.last_used for one in stores.tokens.of("ann")] == [0]

    def test_a_sign_in_is_always_noted(self, stores: Stores) -> None:
        stores.users.add(user())
        for now in (1_000, 1_001):
            stores.last_use.note(Use("ann", is_sign_in=True), now, now - 900)
            assert (found(stores).signed_in, found(stores).last_used) == (now, now)

    def test_a_changed_user_keeps_the_last_use(self, stores: Stores) -> None:
        stores.users.add(user())
        stores.last_use.note(Use("ann", is_sign_in=True), 1_000, 100)
        was = found(stores)
        assert stores.users.replace(was, with_groups(was, ("ops",)))
        assert (found(stores).groups, found(stores).signed_in, found(stores).last_used) == (("ops",), 1_000, 1_000)

    def test_neither_sessions_nor_uses_move_the_revision(self, stores: Stores) -> None:
        """Whoever is signed in would be looked up anew for it."""
        stores.users.add(user())
        before = stores.changes.revision()
        stores.sessions.put(record())
        stores.last_use.note(Use("ann", ("ann", "one"), machine="nightly"), 1_000, 100)
        stores.sessions.remove_all("ann")
        assert stores.changes.revision() == before

    def test_everybodys_tokens_are_listed_by_user(self, stores: Stores) -> None:
        put = [token("b", "zoe"), token("late", now=NOW + 1), token("early"), token("a", "bob")]
        for one in put:
            stores.tokens.add(one)
        assert stores.tokens.all() == [put[2], put[1], put[3], put[0]]

    def test_a_change_comes_back_as_it_was_written(self, stores: Stores) -> None:
        written = make_change(NOW - 1.25, Actor("ann", "session"), "groups_changed", "bob", "none → ops, ü")
        stores.change_log.add(written)
        stores.change_log.add(make_change(NOW, Actor(), "user_created", "eve"))
        assert stores.change_log.newest(2)[1] == written
        assert (written.time, written.actor, written.via) == (NOW - 1.25, "ann", "session")

    def test_changes_are_listed_newest_first_in_parts(self, stores: Stores) -> None:
        for number in range(7):
            stores.change_log.add(make_change(NOW - 10 + number, Actor("ann"), "user_enabled", f"user-{number}"))
        first = stores.change_log.newest(3)
        second = stores.change_log.newest(3, first[-1].id)
        last = stores.change_log.newest(3, second[-1].id)
        assert [change.target[-1] for change in (*first, *second, *last)] == list("6543210")

    def test_changes_are_kept_for_400_days(self, stores: Stores) -> None:
        old, young = (make_change(NOW - days * 86_400, Actor(), "user_enabled", "bob") for days in (401, 399))
        stores.change_log.add(old)
        stores.change_log.add(young)
        assert stores.change_log.newest(5) == [young]

    def test_the_change_log_moves_no_revision(self, stores: Stores) -> None:
        before = stores.changes.revision()
        stores.change_log.add(make_change(NOW, Actor(), "user_enabled", "bob"))
        assert stores.changes.revision() == before


def found(stores: Stores) -> User:
    there = stores.users.find("ann")
    assert there
    return there


def times(stores: Stores, put: Token) -> set[int]:
    """The last use of each part of a use, wherever it is kept."""
    by_id = stores.tokens.find(put.id)
    assert by_id
    of_tokens = {by_id.last_used, *(one.last_used for one in stores.tokens.of("ann"))}
    of_sessions = {one.last_used for one in stores.sessions.of("ann")}
    return of_tokens | of_sessions | {found(stores).last_used} | set(stores.last_use.machines().values())
