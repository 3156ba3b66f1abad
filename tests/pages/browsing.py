"""A person at our pages, as far as Flask's test client can be one."""

from __future__ import annotations

import html
import re

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.account_fixtures import PAGE, PASSWORD

LOGIN = "/--access-es/login"
ACCOUNT = "/--access-es/account"


def hidden(page: TestResponse, name: str = "anti_forgery") -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page.text)
    assert found, page.text
    return html.unescape(found[1])


def message(page: TestResponse) -> str:
    """What the page says in its alert, or nothing."""
    found = re.search(r'role="alert"[^>]*>([^<]*)<', page.text)
    return html.unescape(found[1]) if found else ""


def open_page(client: FlaskClient, path: str = LOGIN, base: str = "http://localhost") -> TestResponse:
    return client.get(path, headers=PAGE, base_url=base)


def sign_in(
    client: FlaskClient, name: str = "ann", password: str = PASSWORD, path: str = LOGIN, base: str = "http://localhost"
) -> TestResponse:
    fields = {"username": name, "password": password, "anti_forgery": hidden(open_page(client, path, base))}
    return client.post(path, data=fields, headers=PAGE, base_url=base)


def send(client: FlaskClient, action: str, **fields: str | list[str]) -> TestResponse:
    """Fill in one of the account page's forms."""
    fields["anti_forgery"] = hidden(open_page(client, ACCOUNT))
    return client.post(ACCOUNT + action, data=fields, headers=PAGE)
