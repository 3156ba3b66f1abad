"""A session that is over is over in every process, and what passes for a session is none."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import pytest

from tests.fidelity.bad_domain import BadDomain
from tests.fidelity.raw_client import exchange, request_bytes
from tests.fidelity.sessions import LOGIN, sign_in
from tests.running_proxy import PASSWORD, RunningProxy

ACCOUNT = "/--access-es/account"


def statuses(front: RunningProxy, headers: dict[str, str]) -> set[int]:
    """Of enough requests, each on a connection of its own, that every process is asked."""
    return {exchange(front.port, request_bytes("GET", b"/x", headers)).status for _ in range(12)}


def post(front: RunningProxy, path: str, cookie: str, **fields: str) -> int:
    page = front.ask("GET", ACCOUNT, {"Accept": "text/html", "Cookie": cookie})
    found = re.search(rb'name="anti_forgery" value="([^"]+)"', page.body)
    assert found
    headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded", "Origin": front.url}
    return front.ask("POST", path, headers, urlencode({**fields, "anti_forgery": found[1].decode()}).encode()).status


def sign_out(front: RunningProxy, cookie: str) -> None:
    assert post(front, "/--access-es/logout", cookie) == 303


def change_password(front: RunningProxy, cookie: str) -> None:
    fields = {"current": PASSWORD, "new": PASSWORD, "repeated": PASSWORD}
    assert post(front, f"{ACCOUNT}/password", cookie, **fields) == 303


def disable(front: RunningProxy, cookie: str) -> None:
    assert front.command("users", "disable", "bob").returncode == 0


def disable_and_enable(front: RunningProxy, cookie: str) -> None:
    disable(front, cookie)
    assert front.command("users", "enable", "bob").returncode == 0


@pytest.mark.parametrize("end", [sign_out, change_password, disable_and_enable])
def test_a_copied_cookie_is_worth_nothing_afterwards(
    attacked: BadDomain, end: Callable[[RunningProxy, str], None]
) -> None:
    front = attacked.front
    cookie = sign_in(front, "bob")
    assert statuses(front, {"Cookie": cookie}) == {200}
    end(front, cookie)
    assert statuses(front, {"Cookie": cookie}) == {401}


def test_a_revoked_token_is_worth_nothing_afterwards(attacked: BadDomain) -> None:
    front = attacked.front
    token = front.command("tokens", "add", "bob", "to lose").stdout.strip()
    bearer = {"Authorization": f"Bearer {token}"}
    assert statuses(front, bearer) == {200}
    assert front.command("tokens", "revoke", "bob", "to lose").returncode == 0
    assert statuses(front, bearer) == {401}


def test_what_is_nearly_a_session_is_none(attacked: BadDomain) -> None:
    front = attacked.front
    name, _, value = sign_in(front, "bob").partition("=")
    body, _dot, signature = value.rpartition(".")
    anonymous = front.ask("GET", LOGIN, {"Accept": "text/html"}).header("set-cookie")
    assert anonymous
    for forged in (
        f"{body}", f"{body}.", f"{body}.{signature[:-1]}", f".{value}", f"{value}.{signature}", f"{value}%00",
        f"WyJhbGljZSJd.{signature}", "." + "eJw" * 900 + f".{signature}", "null", "[]", "\xff\xfe", f"{value},{value}",
    ):  # fmt: skip
        assert statuses(front, {"Cookie": f"{name}={forged}"}) == {401}, forged
    assert statuses(front, {"Cookie": anonymous.partition(";")[0]}) == {401}
    assert statuses(front, {"Cookie": f"__Host-{name}={value}"}) == {401}
    assert statuses(front, {"Cookie": f"{name}={value}; {name}={'x' * 200}"}) == {200}


@pytest.mark.parametrize(
    "value",
    [
        "Bearer", "Bearer ", "Bearer aes_", "Bearer {token}x", "Bearer {token} {token}", "Bearer {upper}", "Token {token}",
        "Basic", "Basic =", "Basic !!!!", "Basic {token}", "Basic YWxpY2U=", "Basic YWxpY2U6", "Basic OnBhc3M=",
        "Basic \xff\xfe", "{token}", "AWS4-HMAC-SHA256 Credential=a", "Bearer " + "x" * 16_000,
    ],
)  # fmt: skip
def test_what_is_nearly_a_token_is_none(attacked: BadDomain, value: str) -> None:
    """Refused as 401, or as too many failures: never let in, never a failure of ours."""
    token = attacked.front.tokens["bob"]
    headers = {"Authorization": value.format(token=token, upper=token.upper())}
    status = exchange(attacked.front.port, request_bytes("GET", b"/x", headers)).status
    assert status in (401, 429)


def test_many_guesses_at_the_same_moment_are_slowed_down_as_one_by_one(attacked: BadDomain) -> None:
    """Whichever way the name is written, and whatever the guesser says of its address."""
    front = attacked.front
    names = ["carol", "CAROL", " carol ", "Carol", "carol\t", "\u2003carol"]

    def guess(number: int) -> int:
        page = front.ask("GET", LOGIN, {"Accept": "text/html"})
        found = re.search(rb'name="anti_forgery" value="([^"]+)"', page.body)
        assert found
        form = {"username": names[number % 6], "password": f"guess {number}", "anti_forgery": found[1].decode()}
        headers = {
            "Cookie": (page.header("set-cookie") or "").partition(";")[0], "Origin": front.url,
            "Content-Type": "application/x-www-form-urlencoded", "X-Forwarded-For": f"192.0.2.{number}",
        }  # fmt: skip
        return front.ask("POST", LOGIN, headers, urlencode(form).encode()).status

    with ThreadPoolExecutor(24) as pool:
        found = list(pool.map(guess, range(30)))
    assert set(found) == {401, 429}
    assert found.count(401) <= 5 + 2 * 2  # those that cost nothing, and those that both processes had begun with
