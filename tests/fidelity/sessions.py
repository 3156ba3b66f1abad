"""Signing in as a browser does, with the form of the page."""

from __future__ import annotations

import re
from urllib.parse import urlencode

from tests.running_proxy import PASSWORD, Reply, RunningProxy

LOGIN = "/--access-es/login"
_FORM_FIELD = re.compile(rb'name="anti_forgery" value="([^"]+)"')


def sign_in(front: RunningProxy, user: str) -> str:
    """The session cookie, as a Cookie header names it."""
    page = front.ask("GET", LOGIN, {"Accept": "text/html"})
    field = _FORM_FIELD.search(page.body)
    assert field
    form = {"username": user, "password": PASSWORD, "anti_forgery": field[1].decode()}
    headers = {
        "Accept": "text/html",
        "Cookie": _cookie(page),
        "Content-Type": "application/x-www-form-urlencoded",
        "Origin": front.url,
    }
    answer = front.ask("POST", LOGIN, headers, urlencode(form).encode())
    assert answer.status == 303, answer
    return _cookie(answer)


def _cookie(answer: Reply) -> str:
    value = answer.header("set-cookie")
    assert value
    return value.partition(";")[0]
