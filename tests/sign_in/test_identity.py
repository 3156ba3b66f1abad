"""Who sent a request."""

from __future__ import annotations

import base64
import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from access_es.errors import AccessEsError, BadRequest, TokenExpired, TooManyFailures, WrongCredentials
from access_es.messages import Headers
from access_es.sign_in.build import Accounts, AccountSettings, build_accounts
from access_es.sign_in.identity import Caller
from access_es.sign_in.session_cookie import Session, begin_session
from access_es.users.passwords import Passwords
from access_es.users.user import with_same_password
from tests.account_fixtures import PASSWORD, Clock, close

ANN = Caller("ann", (), "session")


@pytest.fixture
def neighbour(accounts: Accounts, settings: AccountSettings, clock: Clock) -> Iterator[Accounts]:
    """Another worker process, with the same file."""
    built = build_accounts(settings, clock)
    yield built
    close(built)


def basic(user: str, secret: str) -> Headers:
    return (("Authorization", "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()),)


def bearer(text: str) -> Headers:
    return (("Authorization", f"Bearer {text}"),)


def cookie(accounts: Accounts, session: Session) -> Headers:
    return (("Cookie", f"access-es={accounts.cookies.seal(session)}"),)


def begin(accounts: Accounts, name: str = "ann") -> Session:
    user = accounts.directory.user(name)
    return begin_session(accounts.clock(), accounts.cookies.lifetime_seconds, user.name, user.epoch)


def who(accounts: Accounts, headers: Headers, address: str = "192.0.2.1") -> Caller | None:
    return accounts.identity.identify(headers, scheme="http", client_address=address)


def test_nothing_offered_is_nobody(accounts: Accounts) -> None:
    assert who(accounts, (("Host", "x"), ("Cookie", "sid=1"), ("X-Authorization", "Bearer x"))) is None


def test_a_session_is_its_user(accounts: Accounts) -> None:
    headers = cookie(accounts, begin(accounts))
    assert who(accounts, headers) == who(accounts, headers) == ANN


def test_a_session_of_nobody_is_nobody(accounts: Accounts) -> None:
    assert who(accounts, cookie(accounts, begin_session(accounts.clock(), 3_600))) is None
    assert who(accounts, (("Cookie", "access-es=garbage"),)) is None


def test_a_session_counts_only_under_the_name_of_its_scheme(accounts: Accounts) -> None:
    headers = cookie(accounts, begin(accounts))
    assert accounts.identity.identify(headers, scheme="https", client_address="::1") is None


def test_a_token_is_its_user(accounts: Accounts) -> None:
    _token, text = accounts.directory.add_token("ann", "nightly job")
    expected = Caller("ann", (), "token", "nightly job")
    assert who(accounts, bearer(text)) == who(accounts, bearer(text)) == expected
    assert who(accounts, basic("ann", text)) == expected


def test_a_token_under_another_name_is_refused(accounts: Accounts) -> None:
    _token, text = accounts.directory.add_token("ann", "ci")
    accounts.directory.add_user("bob", PASSWORD)
    with pytest.raises(WrongCredentials):
        who(accounts, basic("bob", text))


def test_a_token_with_the_right_id_and_another_secret_is_refused(accounts: Accounts) -> None:
    _token, text = accounts.directory.add_token("ann", "ci")
    with pytest.raises(WrongCredentials):
        who(accounts, bearer(text[:-40] + "x" * 40))


def test_a_password_is_its_user(accounts: Accounts) -> None:
    expected = Caller("ann", (), "password")
    assert who(accounts, basic("ann", PASSWORD)) == who(accounts, basic("Ann", PASSWORD)) == expected


@pytest.mark.parametrize(
    "headers", [bearer("x"), basic("ann", "wrong"), basic("nobody", PASSWORD), (("authorization", "Digest x"),)]
)
def test_a_wrong_authorization_is_refused_whatever_the_cookie_says(accounts: Accounts, headers: Headers) -> None:
    session = cookie(accounts, begin(accounts))
    assert who(accounts, session) == ANN
    with pytest.raises(WrongCredentials):
        who(accounts, (*session, *headers))


def test_authorization_decides_over_the_cookie(accounts: Accounts) -> None:
    accounts.directory.add_user("bob", PASSWORD)
    caller = who(accounts, (*cookie(accounts, begin(accounts)), *basic("bob", PASSWORD)))
    assert caller == Caller("bob", (), "password")


def test_two_authorization_headers_are_refused(accounts: Accounts) -> None:
    _token, text = accounts.directory.add_token("ann", "ci")
    with pytest.raises(BadRequest, match="more than one"):
        who(accounts, (*bearer(text), ("authorization", f"Bearer {text}")))


def test_failures_are_never_remembered(accounts: Accounts) -> None:
    """A password that was wrong is right as soon as it is the user's."""
    with pytest.raises(WrongCredentials):
        who(accounts, basic("ann", "the new password"))
    accounts.directory.set_password("ann", "the new password")
    assert who(accounts, basic("ann", "the new password"))


def offers(accounts: Accounts) -> dict[str, Headers]:
    _token, text = accounts.directory.add_token("ann", "ci")
    return {"session": cookie(accounts, begin(accounts)), "token": bearer(text), "password": basic("ann", PASSWORD)}


def is_admitted(accounts: Accounts, headers: Headers) -> bool:
    try:
        return who(accounts, headers) is not None
    except WrongCredentials:
        return False


def admitted(accounts: Accounts, offered: dict[str, Headers]) -> set[str]:
    return {how for how, headers in offered.items() if is_admitted(accounts, headers)}


def test_a_disabled_user_is_out_at_once_in_every_process(accounts: Accounts, neighbour: Accounts) -> None:
    offered = offers(accounts)
    assert admitted(accounts, offered) == admitted(neighbour, offered) == {"session", "token", "password"}
    accounts.directory.disable("ann")
    assert admitted(accounts, offered) == admitted(neighbour, offered) == set()


def test_an_enabled_user_signs_in_again_and_tokens_work_again(accounts: Accounts) -> None:
    offered = offers(accounts)
    accounts.directory.disable("ann")
    accounts.directory.enable("ann")
    assert admitted(accounts, offered) == {"token", "password"}


def test_a_removed_user_is_out_and_stays_out_under_a_namesake(accounts: Accounts, neighbour: Accounts) -> None:
    offered = offers(accounts)
    assert admitted(neighbour, offered) == {"session", "token", "password"}
    accounts.directory.remove_user("ann")
    assert admitted(accounts, offered) == admitted(neighbour, offered) == set()
    accounts.directory.add_user("ann", "another password")
    assert admitted(accounts, offered) == admitted(neighbour, offered) == set()


def test_a_changed_password_ends_sessions_in_every_process(accounts: Accounts, neighbour: Accounts) -> None:
    offered = offers(accounts)
    assert admitted(neighbour, offered) == {"session", "token", "password"}
    accounts.directory.set_password("ann", "another password")
    assert admitted(accounts, offered) == admitted(neighbour, offered) == {"token"}


def test_a_session_that_ended_in_one_process_ends_in_the_others(accounts: Accounts, neighbour: Accounts) -> None:
    session, other = begin(accounts), begin(accounts)
    assert who(neighbour, cookie(accounts, session)) == ANN
    accounts.stores.revocations.revoke(session.id, session.until)
    assert who(neighbour, cookie(accounts, session)) is None
    assert who(accounts, cookie(accounts, session)) is None
    assert who(neighbour, cookie(accounts, other)) == ANN


def test_a_revoked_token_is_out_in_every_process(accounts: Accounts, neighbour: Accounts) -> None:
    offered = offers(accounts)
    assert admitted(neighbour, offered) == {"session", "token", "password"}
    accounts.directory.revoke_token("ann", "ci")
    assert admitted(accounts, offered) == admitted(neighbour, offered) == {"session", "password"}


def test_an_expired_token_is_out(accounts: Accounts, clock: Clock) -> None:
    _token, text = accounts.directory.add_token("ann", "ci", days=1)
    clock.now += 86_400 - 1
    assert who(accounts, bearer(text))
    clock.now += 1
    with pytest.raises(WrongCredentials):
        who(accounts, bearer(text))


def test_only_who_has_an_expired_token_is_told_that_it_has_expired(accounts: Accounts, clock: Clock) -> None:
    _token, text = accounts.directory.add_token("ann", "ci", days=1)
    assert who(accounts, bearer(text))
    clock.now += 86_400
    for offered in (bearer(text), basic("ann", text), bearer(text)):
        with pytest.raises(TokenExpired, match="has expired"):
            who(accounts, offered)
    for offered in (bearer(text[:-1] + ("y" if text.endswith("x") else "x")), basic("bob", text)):
        with pytest.raises(WrongCredentials) as refusal:
            who(accounts, offered)
        assert refusal.value.code == "wrong_credentials"


def test_a_session_is_out_when_its_time_is_over(accounts: Accounts, clock: Clock) -> None:
    headers = cookie(accounts, begin(accounts))
    for _ in range(59):
        clock.now += 60
        assert who(accounts, headers) == ANN
    clock.now += 59
    assert who(accounts, headers) == ANN
    clock.now += 1
    assert who(accounts, headers) is None


class Silent:
    """A store that cannot tell cheaply that something changed, as one in the cloud."""

    def revision(self) -> int:
        return 0


@pytest.fixture
def remote(accounts: Accounts, settings: AccountSettings, clock: Clock) -> Accounts:
    from access_es.sign_in.identity import Identity

    stores = replace(accounts.stores, changes=Silent())
    identity = Identity(stores, accounts.cookies, accounts.password_check, settings.recheck_seconds, clock)
    return replace(accounts, stores=stores, identity=identity)


def test_without_a_change_counter_changes_apply_after_the_recheck_time(remote: Accounts, clock: Clock) -> None:
    offered = offers(remote)
    assert admitted(remote, offered) == {"session", "token", "password"}
    remote.directory.disable("ann")
    clock.now += 59
    assert admitted(remote, offered) == {"session", "token", "password"}
    clock.now += 1
    assert admitted(remote, offered) == set()


@pytest.fixture
def hashings(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """One entry for each time a password was hashed to check it."""
    counted: list[str] = []
    real = Passwords.matches

    def matches(passwords: Passwords, password_hash: str, password: str) -> bool:
        counted.append(password_hash)
        return real(passwords, password_hash, password)

    monkeypatch.setattr(Passwords, "matches", matches)
    return counted


def test_a_password_is_hashed_once_though_it_is_looked_up_again(
    accounts: Accounts, clock: Clock, hashings: list[str]
) -> None:
    for _ in range(3):
        assert who(accounts, basic("ann", PASSWORD))
        clock.now += 61
        accounts.directory.add_user(f"other-{clock.now:.0f}", PASSWORD)
    assert len(hashings) == 1


def test_many_connections_with_one_password_hash_it_once(accounts: Accounts, hashings: list[str]) -> None:
    found: list[Caller | None] = []
    threads = [threading.Thread(target=lambda: found.append(who(accounts, basic("ann", PASSWORD)))) for _ in range(32)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [Caller("ann", (), "password")] * 32
    assert len(hashings) == 1


def test_guessing_is_slowed_down(accounts: Accounts, neighbour: Accounts, clock: Clock) -> None:
    """In all processes, whatever the guess, but not for the password that is known here already."""
    assert who(accounts, basic("ann", PASSWORD))
    refusals: list[type[AccessEsError]] = []
    for number in range(12):
        with pytest.raises(AccessEsError) as caught:
            who((accounts, neighbour)[number % 2], basic("ann", f"guess {number}"))
        refusals.append(type(caught.value))
    assert refusals == [WrongCredentials] * 6 + [TooManyFailures] * 6
    assert who(accounts, basic("ann", PASSWORD))
    with pytest.raises(TooManyFailures):
        who(neighbour, basic("ann", PASSWORD))
    assert who(neighbour, basic("ann", PASSWORD), address="198.51.100.7")
    clock.now += 2
    assert who(neighbour, basic("ann", PASSWORD))


def test_a_flood_of_guesses_is_stopped_after_a_few(accounts: Accounts) -> None:
    """Sent all at once, before any of them has failed."""
    refusals: list[type[AccessEsError]] = []

    def guess(number: int) -> None:
        try:
            who(accounts, basic("ann", f"guess {number}"))
        except AccessEsError as error:
            refusals.append(type(error))

    threads = [threading.Thread(target=guess, args=(number,)) for number in range(64)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refusals) == 64
    assert refusals.count(WrongCredentials) <= 5 + 1 + 2


def test_a_hash_of_former_cost_is_made_anew_when_the_password_is_shown(accounts: Accounts) -> None:
    old = accounts.directory.user("ann")
    former = with_same_password(old, Passwords("scrypt:2048:8:1").hash(PASSWORD))
    accounts.stores.users.replace(old, former)
    session = cookie(accounts, begin(accounts))
    assert who(accounts, basic("ann", PASSWORD)) == Caller("ann", (), "password")
    renewed = accounts.directory.user("ann")
    assert renewed.password_hash.startswith("scrypt:1024:8:1$")
    assert who(accounts, session) == ANN


def test_a_known_caller_costs_microseconds(accounts: Accounts) -> None:
    """Far below what the rest of a request costs; the bound has room for slow and busy machines."""
    other = tuple((f"X-Header-{number}", "value") for number in range(15))
    for headers in offers(accounts).values():
        best = float("inf")
        for _ in range(10):
            started = time.process_time()
            for _ in range(200):
                who(accounts, (*other, *headers))
            best = min(best, (time.process_time() - started) / 200)
        assert best < 60e-6
