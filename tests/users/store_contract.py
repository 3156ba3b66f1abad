"""What every implementation of the stores must do, whatever keeps the data."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from access_es.users import tokens
from access_es.users.stores import Failures, Stores
from access_es.users.tokens import Token
from access_es.users.user import User, disabled, enabled, with_groups, with_password, with_same_password

NOW = 1_800_000_000.0


def user(name: str = "ann") -> User:
    return User(name, "scrypt$hash", int(NOW))


def token(label: str = "ci", owner: str = "ann", now: float = NOW) -> Token:
    return tokens.issue(owner, label, 90, now)[0]


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
