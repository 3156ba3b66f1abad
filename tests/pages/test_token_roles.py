"""Tokens on the account page, where roles are set: as many as their user has, or fewer, never more."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient

from access_es.pages.register import register_accounts
from access_es.sign_in.build import Accounts
from access_es.sign_in.identity import Caller
from tests.account_fixtures import PASSWORD
from tests.pages.browsing import ACCOUNT, message, open_page, send, sign_in

HAS = ["analyst", "team"]


@pytest.fixture
def has() -> list[str]:
    """The names of ann's roles, which a test may change."""
    return list(HAS)


@pytest.fixture
def client(accounts: Accounts, has: list[str]) -> FlaskClient:
    """Signed in as ann, who has these roles."""

    def describe(caller: Caller) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return tuple(has), ("You may read logs-*.",)

    app = Flask("access_es", static_url_path="/--access-es/static")
    register_accounts(app, accounts, describe)
    client = app.test_client()
    assert sign_in(client, "ann", PASSWORD).status_code == 303
    return client


def roles(accounts: Accounts) -> list[tuple[str, ...] | None]:
    return [token.roles for token in accounts.directory.tokens("ann")]


def boxes(page: str) -> dict[str, bool]:
    """The roles to choose from, and whether they are chosen."""
    found = re.findall(r'name="role" value="(\w+)"( checked)?', page)
    return {name: bool(checked) for name, checked in found}


def test_all_roles_are_offered_and_chosen_at_first(client: FlaskClient) -> None:
    assert boxes(open_page(client, ACCOUNT).text) == {"analyst": True, "team": True}


def test_a_token_with_all_roles_follows_its_user(client: FlaskClient, accounts: Accounts) -> None:
    send(client, "/tokens", label="ci", days="1", choose_roles="yes", role=HAS)
    assert roles(accounts) == [None]
    assert '<td data-name="Roles" class="breakable">all</td>' in open_page(client, ACCOUNT).text


def test_a_token_may_have_fewer_and_the_list_says_which(client: FlaskClient, accounts: Accounts) -> None:
    send(client, "/tokens", label="ci", days="1", choose_roles="yes", role="analyst")
    assert roles(accounts) == [("analyst",)]
    assert '<td data-name="Roles" class="breakable">analyst</td>' in open_page(client, ACCOUNT).text


def test_never_more(client: FlaskClient, accounts: Accounts) -> None:
    answer = send(client, "/tokens", label="ci", days="1", choose_roles="yes", role=["analyst", "admin"])
    assert answer.status_code == 400 and "do not have the role" in message(answer)
    assert roles(accounts) == [] and boxes(answer.text) == {"analyst": True, "team": False}


def test_none_is_not_all(client: FlaskClient, accounts: Accounts) -> None:
    answer = send(client, "/tokens", label="ci", days="1", choose_roles="yes")
    assert answer.status_code == 400 and "at least one role" in message(answer)
    assert roles(accounts) == []


def test_a_role_that_came_after_the_page_is_not_taken_for_chosen(
    client: FlaskClient, accounts: Accounts, has: list[str]
) -> None:
    has.append("admin")
    send(client, "/tokens", label="ci", days="1", choose_roles="yes", role=HAS)
    assert roles(accounts) == [tuple(HAS)]


def test_a_role_that_was_lost_after_the_page_is_refused(
    client: FlaskClient, accounts: Accounts, has: list[str]
) -> None:
    has.remove("team")
    assert send(client, "/tokens", label="ci", days="1", choose_roles="yes", role=HAS).status_code == 400
    assert roles(accounts) == []


@pytest.mark.parametrize("held", [[], ["analyst"]])
def test_with_one_role_there_is_nothing_to_choose(client: FlaskClient, has: list[str], held: list[str]) -> None:
    has[:] = held
    assert boxes(open_page(client, ACCOUNT).text) == {}
