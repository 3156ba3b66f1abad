"""What an invitation must be in every store."""

from __future__ import annotations

import threading

import pytest

from access_es.errors import BadRequest, NotFound, WrongCredentials
from access_es.sign_in.build import Accounts, AccountSettings, build_accounts
from access_es.sign_in.session_cookie import Session, begin_session
from access_es.users.invitations import LIFETIME_SECONDS, InvitationOver
from tests.account_fixtures import FAST_HASHING, PASSWORD, Clock

HOME = "192.0.2.1"
CHOSEN = "what carl has chosen"


class InvitationContract:
    """A subclass gives the fixtures `accounts`, with the user ann, and `clock`."""

    def test_an_invited_user_chooses_a_password_once(self, accounts: Accounts) -> None:
        directory = accounts.directory
        directory.add_invited("carl", ["readers"])
        invitation, sealed = directory.invite("carl")
        assert (invitation.user, directory.invited(sealed).name) == ("carl", "carl")
        assert directory.accept(sealed, CHOSEN).groups == ("readers",)
        assert accounts.password_check.check("carl", CHOSEN, HOME).name == "carl"
        with pytest.raises(InvitationOver):
            directory.accept(sealed, "another long password")
        with pytest.raises(InvitationOver):
            directory.invited(sealed)

    def test_before_that_nobody_signs_in(self, accounts: Accounts) -> None:
        accounts.directory.add_invited("carl")
        for password in ("", "access-es-nobody", accounts.directory.user("carl").password_hash):
            with pytest.raises(WrongCredentials):
                accounts.password_check.check("carl", password, HOME)

    def test_the_old_password_works_until_a_new_one_is_chosen(self, accounts: Accounts) -> None:
        _, sealed = accounts.directory.invite("ann")
        assert accounts.password_check.check("ann", PASSWORD, HOME)
        accounts.directory.accept(sealed, CHOSEN)
        with pytest.raises(WrongCredentials):
            accounts.password_check.check("ann", PASSWORD, HOME)

    def test_it_ends_after_two_days(self, accounts: Accounts, clock: Clock) -> None:
        _, sealed = accounts.directory.invite("ann")
        clock.now += LIFETIME_SECONDS - 1
        assert accounts.directory.invited(sealed).name == "ann"
        clock.now += 1
        with pytest.raises(InvitationOver):
            accounts.directory.accept(sealed, CHOSEN)

    def test_it_ends_with_the_password_the_account_and_the_user(self, accounts: Accounts) -> None:
        directory = accounts.directory
        _, sealed = directory.invite("ann")
        directory.set_groups("ann", ["readers"])
        assert directory.invited(sealed).name == "ann"
        directory.set_password("ann", "set in another way")
        with pytest.raises(InvitationOver):
            directory.accept(sealed, CHOSEN)
        _, sealed = directory.invite("ann")
        directory.disable("ann")
        with pytest.raises(InvitationOver):
            directory.accept(sealed, CHOSEN)
        directory.enable("ann")
        with pytest.raises(InvitationOver):
            directory.accept(sealed, CHOSEN)
        _, sealed = directory.invite("ann")
        directory.remove_user("ann")
        with pytest.raises(InvitationOver):
            directory.accept(sealed, CHOSEN)
        directory.add_user("ann", PASSWORD)  # another person of the same name
        with pytest.raises(InvitationOver):
            directory.accept(sealed, CHOSEN)

    def test_a_password_that_breaks_the_rules_leaves_it_as_it_was(self, accounts: Accounts) -> None:
        _, sealed = accounts.directory.invite("ann")
        with pytest.raises(BadRequest):
            accounts.directory.accept(sealed, "short")
        assert accounts.directory.accept(sealed, CHOSEN).name == "ann"

    def test_of_many_who_use_a_link_at_once_one_succeeds(self, accounts: Accounts) -> None:
        _, sealed = accounts.directory.invite("ann")
        results: list[str] = []
        together = threading.Barrier(4)

        def use(number: int) -> None:
            together.wait()
            try:
                accounts.directory.accept(sealed, f"the password of number {number}")
                results.append("accepted")
            except InvitationOver:
                results.append("over")

        threads = [threading.Thread(target=use, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert sorted(results) == ["accepted", "over", "over", "over"]

    def test_nobody_invites_whom_there_is_not_or_who_is_disabled(self, accounts: Accounts) -> None:
        with pytest.raises(NotFound):
            accounts.directory.invite("nobody")
        with pytest.raises(BadRequest, match="already"):
            accounts.directory.add_invited("ann")
        accounts.directory.disable("ann")
        with pytest.raises(BadRequest, match="disabled"):
            accounts.directory.invite("ann")

    def test_what_we_did_not_sign_is_no_invitation(
        self, accounts: Accounts, settings: AccountSettings, clock: Clock
    ) -> None:
        _, sealed = accounts.directory.invite("ann")
        session = accounts.cookies.seal(_session(accounts))
        elsewhere = build_accounts(
            AccountSettings(("another secret",), settings.users, password_method=FAST_HASHING), clock
        )
        body, _, signature = sealed.partition(".")
        for forged in (
            "",
            "x",
            sealed[:-1],
            f"{body}.",
            f"{body[:-2]}.{signature}",
            session,
            sealed + "x",
            "ä",
            "." * 50,
        ):
            with pytest.raises(InvitationOver):
                accounts.directory.invited(forged)
        with pytest.raises(InvitationOver):
            elsewhere.directory.invited(sealed)
        assert accounts.cookies.open(sealed, clock()) is None  # nor is it a session


def _session(accounts: Accounts) -> Session:
    user = accounts.directory.user("ann")
    return begin_session(accounts.clock(), 3600, user.name, user.epoch)
