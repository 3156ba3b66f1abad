"""Accounts of these tests."""

from tests.account_fixtures import accounts, app, client, clock, settings

__all__ = ["accounts", "app", "client", "clock", "settings"]
