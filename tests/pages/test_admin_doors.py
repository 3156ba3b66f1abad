"""The administrators' page through each of AWS's front doors, as Lambda sees them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import cast
from urllib.parse import urlencode

import pytest
from flask import Flask

from access_es.demo.cloud.doors.registry import BASE_PATH
from access_es.front_doors import detect_door
from access_es.ingress.lambda_event import read_event
from access_es.messages import ProxyResponse
from access_es.proxy import Proxy
from tests.account_fixtures import PASSWORD
from tests.ingress.events import arrived, emulated
from tests.pages.administration import ADMIN, accounts_of, make_app
from tests.pages.browsing import LOGIN

FORM = b"application/x-www-form-urlencoded"


class Visitor:
    """A person's browser behind an emulated front door of AWS, as Lambda sees it."""

    def __init__(self, app: Flask, door: str) -> None:
        self._proxy, self._door, self._cookie = cast(Proxy, app.wsgi_app), door, b""
        self.base = BASE_PATH if door == "rest-base" else "/dev" if door.endswith("-stage") else ""

    def ask(self, method: str, path: str, **form: str) -> ProxyResponse:
        headers = ((b"accept", b"text/html"), (b"cookie", self._cookie), (b"content-type", FORM))
        body = urlencode(form).encode()
        event = emulated(self._door, arrived(method, (self.base + path).encode(), headers, body))
        door = detect_door(event)
        assert door is not None
        answer = self._proxy.reply(read_event(event, None), door)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                self._cookie = value.partition(";")[0].encode()
        return answer

    def text(self, path: str) -> str:
        answer = self.ask("GET", path)
        assert answer.status == 200, path
        return b"".join(answer.body).decode()


@pytest.mark.parametrize("door", ["rest", "rest-stage", "rest-base", "http", "http-stage", "url", "alb"])
def test_it_works_through_every_door(tmp_path: Path, door: str) -> None:
    """Links, forms and redirects begin with what stands before our paths."""
    app = make_app(tmp_path)
    ann = Visitor(app, door)
    token = field(ann.text(LOGIN))
    assert ann.ask("POST", LOGIN, username="ann", password=PASSWORD, anti_forgery=token).status == 303
    for place in ("", "/user?name=bob", "/sessions", "/tokens", "/changes", "/invite", "/user/remove?name=bob"):
        addresses = re.findall(r'(?:href|src|action)="([^"?]+)', ann.text(ADMIN + place))
        assert addresses and all(address.startswith(f"{ann.base}/--access-es/") for address in addresses), addresses
    token = field(ann.text(f"{ADMIN}/user?name=bob"))
    done = ann.ask("POST", f"{ADMIN}/user/groups", name="bob", groups="ops\nsome group", anti_forgery=token)
    assert (done.status, done.header("location")) == (303, f"{ann.base}{ADMIN}/user?name=bob&done=groups")
    assert accounts_of(app).directory.user("bob").groups == ("ops", "some group")
    invited = ann.ask("POST", f"{ADMIN}/invite", name="dora", anti_forgery=token)
    assert f"://es.example.org{ann.base}/--access-es/invite/" in b"".join(invited.body).decode()


def field(page: str) -> str:
    found = re.search(r'name="anti_forgery" value="([^"]*)"', page)
    assert found
    return found[1]
