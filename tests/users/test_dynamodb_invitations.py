"""Invitations, with the accounts in DynamoDB."""

from __future__ import annotations

import pytest

from access_es.sign_in.build import Accounts, AccountSettings, build_accounts
from tests.account_fixtures import FAST_HASHING, PASSWORD, Clock
from tests.storage.dynamodb_tables import Counted
from tests.users.invitation_contract import InvitationContract


class TestDynamoInvitations(InvitationContract):
    """All of the contract."""

    @pytest.fixture
    def settings(self, accounts_table: str) -> AccountSettings:
        secrets = ("a secret of these tests",)
        return AccountSettings(secrets, f"dynamodb:{accounts_table}", 3_600, 60, password_method=FAST_HASHING)

    @pytest.fixture
    def accounts(self, dynamodb: Counted, settings: AccountSettings, clock: Clock) -> Accounts:
        built = build_accounts(settings, clock, dynamodb)
        built.directory.add_user("ann", PASSWORD)
        return built
