"""Who was active when: noted from time to time, whatever it is that was used."""

from __future__ import annotations

import base64
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import pytest

from access_es.messages import Headers
from access_es.sign_in.build import Accounts, AccountSettings, build_accounts
from access_es.sign_in.identity import Identity
from access_es.sign_in.last_use import LastUse
from access_es.sign_in.proofs import MachineProof, PasswordProof
from access_es.sign_in.session_cookie import Session, begin_session
from access_es.storage.errors import StoreUnusable
from access_es.users.last_use import INTERVAL_SECONDS, Use
from access_es.users.sessions import SessionRecord
from access_es.users.user import User
from tests.account_fixtures import PASSWORD, Clock, close


@dataclass
class Watched:
    """A store of last uses that counts what it is asked to note."""

    store: object
    uses: list[Use] = field(default_factory=list)

    def note(self, use: Use, now: int, before: int) -> None:
        self.uses.append(use)
        self.store.note(use, now, before)  # type: ignore[attr-defined]

    def machines(self) -> Mapping[str, int]:
        return self.store.machines()  # type: ignore[attr-defined, no-any-return]


class Broken:
    """A store that cannot be written."""

    def __init__(self) -> None:
        self.attempts = 0

    def note(self, use: Use, now: int, before: int) -> None:
        self.attempts += 1
        raise StoreUnusable(detail="the disk is full")

    def machines(self) -> Mapping[str, int]:
        return {}


@pytest.fixture
def neighbour(settings: AccountSettings, accounts: Accounts, clock: Clock) -> Iterator[Accounts]:
    """Another worker process, with the same file."""
    built = build_accounts(settings, clock)
    yield built
    close(built)


def begin(accounts: Accounts) -> Session:
    user, now = accounts.directory.user("ann"), int(accounts.clock())
    begun = begin_session(now, accounts.cookies.lifetime_seconds, user.name, user.epoch)
    record = SessionRecord(begun.id, "ann", user.epoch, "Firefox", "::1", "password", begun.begun, begun.until, now)
    accounts.stores.sessions.put(record)
    return begun


def cookie(accounts: Accounts, session: Session) -> Headers:
    return (("Cookie", f"access-es={accounts.cookies.seal(session)}"),)


def bearer(text: str) -> Headers:
    return (("Authorization", f"Bearer {text}"),)


def basic(password: str = PASSWORD) -> Headers:
    return (("Authorization", "Basic " + base64.b64encode(f"ann:{password}".encode()).decode()),)


def ask(accounts: Accounts, headers: Headers) -> None:
    assert accounts.identity.identify(headers, scheme="http", client_address="192.0.2.1")


def watch(accounts: Accounts) -> Watched:
    """Count what the accounts' own identity notes from now on."""
    watched = Watched(accounts.stores.last_use)
    accounts.identity.last_use = LastUse(watched, accounts.clock)
    return watched


def last_uses(accounts: Accounts) -> tuple[int, list[int], list[int]]:
    """Of ann, ann's sessions and ann's tokens."""
    sessions, tokens = accounts.directory.sessions("ann"), accounts.directory.tokens("ann")
    return accounts.directory.user("ann").last_used, [s.last_used for s in sessions], [t.last_used for t in tokens]


def test_the_use_of_a_session_is_noted_for_it_and_its_user(accounts: Accounts, clock: Clock) -> None:
    session, began = begin(accounts), int(clock.now)
    begin(accounts)
    clock.now += INTERVAL_SECONDS
    ask(accounts, cookie(accounts, session))
    now = began + INTERVAL_SECONDS
    assert last_uses(accounts) == (now, [now, began], [])


def test_the_use_of_a_token_is_noted_for_it_and_its_user(accounts: Accounts, clock: Clock) -> None:
    _token, text = accounts.directory.add_token("ann", "ci")
    accounts.directory.add_token("ann", "other")
    ask(accounts, bearer(text))
    assert last_uses(accounts) == (clock.now, [], [clock.now, 0])


def test_the_use_of_a_password_is_noted(accounts: Accounts, clock: Clock) -> None:
    ask(accounts, basic())
    assert last_uses(accounts) == (clock.now, [], [])
    assert accounts.directory.user("ann").signed_in == 0


def test_the_use_of_a_machine_is_noted(accounts: Accounts, clock: Clock) -> None:
    last_use, proof = LastUse(accounts.stores.last_use, clock), MachineProof("nightly", None, 2e9)
    for _ in range(3):
        last_use.note(proof)
        assert accounts.stores.last_use.machines() == {"nightly": clock.now}
        clock.now += INTERVAL_SECONDS


def test_many_requests_make_one_note_a_quarter_of_an_hour(accounts: Accounts, clock: Clock) -> None:
    """However often those who are signed in are looked up again."""
    watched, session = watch(accounts), begin(accounts)
    clock.now += INTERVAL_SECONDS
    for number in range(3 * INTERVAL_SECONDS // 60):
        accounts.directory.add_token("ann", f"token {number}")  # makes what is cached stale
        accounts.directory.revoke_token("ann", f"token {number}")
        ask(accounts, cookie(accounts, session))
        clock.now += 60
    assert watched.uses == [Use("ann", ("ann", session.id))] * 3


def test_requests_at_the_same_moment_make_one_note(accounts: Accounts, clock: Clock) -> None:
    watched, headers = watch(accounts), cookie(accounts, begin(accounts))
    clock.now += INTERVAL_SECONDS
    threads = [threading.Thread(target=ask, args=(accounts, headers)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({use for use in watched.uses if use.session}) == len([use for use in watched.uses if use.session]) == 1


def test_several_processes_write_once(accounts: Accounts, neighbour: Accounts, clock: Clock) -> None:
    session = begin(accounts)
    first = int(clock.now) + INTERVAL_SECONDS
    clock.now = first
    ask(accounts, cookie(accounts, session))
    clock.now += 600
    ask(neighbour, cookie(accounts, session))
    assert last_uses(accounts) == (first, [first], [])
    clock.now = first + INTERVAL_SECONDS
    ask(neighbour, cookie(accounts, session))
    assert last_uses(accounts)[0] == clock.now


def test_a_note_makes_no_process_look_up_again(accounts: Accounts, neighbour: Accounts, clock: Clock) -> None:
    before = neighbour.stores.changes.revision()
    clock.now += INTERVAL_SECONDS
    ask(accounts, cookie(accounts, begin(accounts)))
    ask(accounts, basic())
    assert accounts.stores.changes.revision() == neighbour.stores.changes.revision() == before


def test_what_has_ended_does_not_come_back_by_its_use(accounts: Accounts, clock: Clock) -> None:
    session = begin(accounts)
    headers = cookie(accounts, session)
    ask(accounts, headers)
    accounts.stores.sessions.remove("ann", session.id)  # its cookie is good here, as in another process for a minute
    clock.now += INTERVAL_SECONDS
    ask(accounts, headers)
    assert accounts.stores.sessions.all() == []


def test_who_cannot_be_noted_gets_in_all_the_same(
    accounts: Accounts, settings: AccountSettings, clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    """And the store is left alone for a minute."""
    broken = Broken()
    stores = replace(accounts.stores, last_use=broken)
    identity = Identity(stores, accounts.cookies, accounts.password_check, settings.recheck_seconds, clock)
    headers = [cookie(accounts, begin(accounts)) for _ in range(5)]
    for one in headers:
        assert identity.identify(one, scheme="http", client_address="::1")
    assert broken.attempts == 1
    assert "The last use could not be noted: the disk is full" in caplog.text
    clock.now += 60
    assert identity.identify(headers[0], scheme="http", client_address="::1")
    assert broken.attempts == 2
    identity.last_use.note_sign_in(accounts.directory.user("ann"))


def test_what_is_remembered_is_bounded(accounts: Accounts, clock: Clock) -> None:
    last_use = LastUse(Watched(accounts.stores.last_use), clock)
    for number in range(20_000):
        last_use._is_due("user", str(number), 0, clock.now)
    assert len(last_use._attempts) == 16_384


def test_a_user_whom_another_process_noted_is_left_alone(accounts: Accounts, clock: Clock) -> None:
    """Their record says so, which is read anyway."""
    watched = watch(accounts)
    user = User("ann", "hash", 1, last_used=int(clock.now) - 10)
    accounts.identity.last_use.note(PasswordProof("ann", "hash"), user)
    assert watched.uses == []
