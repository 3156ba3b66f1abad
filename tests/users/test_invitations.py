"""Invitations, with the accounts in a file."""

from __future__ import annotations

from tests.users.invitation_contract import InvitationContract


class TestInvitations(InvitationContract):
    """All of the contract."""
