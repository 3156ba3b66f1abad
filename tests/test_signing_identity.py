"""The role that signs, on the way through a running access-es: at once, and in a task."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator

import pytest

from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import RunningGateway, running_gateway
from access_es.permissions.form import parse_permissions
from access_es.permissions.signing import signing_role, unlimited_signing_role
from access_es.permissions.verdict import Allowed, Need
from tests.running_proxy import KEY, RunningProxy, running_proxy
from tests.test_assumed_roles import Sts

READERS, TEAM = (f"arn:aws:iam::123456789012:role/{name}" for name in ("readers", "team"))
PERMISSIONS = {
    "roles": {
        "reader": {"read": ["logs-*"], "sign_with": READERS},
        "team": {"manage": ["team-*"], "sign_with": TEAM},
        "plain": {"read": ["plain-*"]},
        "admin": {"manage": ["*"], "dashboards": "edit"},
    },
    "groups": {"data": ["reader", "team", "plain"], "ops": ["admin"]},
}


class Domain:
    def __init__(self, gateway: RunningGateway, proxy: RunningProxy, sts: Sts) -> None:
        self.gateway, self.proxy, self.sts = gateway, proxy, sts

    def keys(self, user: str, method: str, target: str, body: bytes | None = None) -> tuple[int, set[str | None]]:
        """The answer's status, and the keys that the domain saw this target signed with."""
        self.gateway.log.clear()
        headers = {"Authorization": f"Bearer {self.proxy.tokens[user]}", "Content-Type": "application/json"}
        status = self.proxy.ask(method, target, headers, body).status
        return status, {seen.access_key for seen in self.gateway.log.last(50) if seen.target == target}

    def role_of(self, key: str) -> tuple[str, str]:
        asked = self.sts.asked[int(key.removeprefix("ASIA")) - 1]
        return asked["RoleArn"], asked["RoleSessionName"]


@pytest.fixture(scope="module")
def domain(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Domain]:
    """alice and bob are in `data`, carol in `ops`. The domain knows the sessions that STS gives."""
    known = [Credential(*KEY, None), *(Credential(f"ASIA{n}", f"s{n}", f"t{n}") for n in range(1, 30))]
    with Sts() as sts, running_gateway(known) as gateway:
        threading.Thread(target=sts.serve_forever, args=(0.05,), daemon=True).start()
        with running_proxy(
            gateway.url, tmp_path_factory.mktemp("signing"), users=("alice", "bob", "carol"),
            PERMISSIONS=json.dumps(PERMISSIONS), AWS_ENDPOINT_URL_STS=f"http://127.0.0.1:{sts.server_port}",
        ) as proxy:  # fmt: skip
            for user, group in (("alice", "data"), ("bob", "data"), ("carol", "ops")):
                assert proxy.command("users", "groups", user, group).returncode == 0
            yield Domain(gateway, proxy, sts)
        sts.shutdown()


@pytest.mark.parametrize("user", ["alice", "bob"])
@pytest.mark.parametrize(("method", "target", "role"), [("GET", "/logs-1/_search", READERS), ("PUT", "/team-x", TEAM)])
def test_the_role_that_allows_it_signs_for_each_person(
    user: str, method: str, target: str, role: str, domain: Domain
) -> None:
    _, (key,) = domain.keys(user, method, target)
    assert key and domain.role_of(key) == (role, user)
    assert domain.keys(user, method, target)[1] == {key}, "the session is used again"


@pytest.mark.parametrize(("user", "target"), [("alice", "/plain-1/_search"), ("carol", "/_search")])
def test_without_a_role_that_signs_it_is_our_own_identity(user: str, target: str, domain: Domain) -> None:
    assert domain.keys(user, "GET", target)[1] == {KEY[0]}


def test_a_task_is_signed_for_the_person_who_asked(domain: Domain) -> None:
    domain.gateway.log.clear()
    headers = {"Authorization": f"Bearer {domain.proxy.tokens['bob']}", "Prefer": "respond-async"}
    assert domain.proxy.ask("GET", "/logs-task/_search", headers).status in (200, 202, 303, 404)
    until = time.monotonic() + 20
    seen: list[str | None] = []
    while not seen and time.monotonic() < until:
        seen = [one.access_key for one in domain.gateway.log.last(50) if one.target == "/logs-task/_search"]
        time.sleep(0.05)
    assert seen and seen[0] and domain.role_of(seen[0]) == (READERS, "bob")


def test_readers_are_limited_once_more_by_a_session_policy(domain: Domain) -> None:
    domain.keys("alice", "GET", "/logs-1/_search")
    domain.keys("alice", "PUT", "/team-x")
    by_role = {asked["RoleArn"]: "Policy" in asked for asked in domain.sts.asked}
    assert by_role == {READERS: True, TEAM: False}


def test_nothing_from_the_client_chooses_the_role(domain: Domain) -> None:
    domain.gateway.log.clear()
    forged = {
        "Authorization": f"Bearer {domain.proxy.tokens['alice']}", "X-Amz-Security-Token": "t1", "X-Amz-Date": "x",
        "securitytenant": "x", "Sign-As": TEAM, "X-Access-Es-Role": "team",
    }  # fmt: skip
    domain.proxy.ask("GET", "/logs-forged/_search", forged)
    (seen,) = [one for one in domain.gateway.log.last(50) if one.target == "/logs-forged/_search"]
    assert seen.verdict == "verified" and seen.access_key
    assert domain.role_of(seen.access_key) == (READERS, "alice")


RULE = parse_permissions({
    "roles": {
        "logs": {"read": ["logs-*"], "sign_with": READERS},
        "open": {"read": ["logs-*", "open-*"]},
        "team": {"read": ["team-*"], "sign_with": TEAM},
        "all": {"manage": ["*"], "dashboards": "edit"},
        "root": {"manage": ["*"], "dashboards": "edit", "sign_with": TEAM},
    },
}).roles  # fmt: skip


@pytest.mark.parametrize(
    ("names", "needs", "signs"),
    [
        (["logs", "open"], ["logs-1"], "logs"),
        (["logs", "open"], ["open-1"], None),
        (["logs", "open"], ["logs-1", "open-1"], None),
        (["logs", "team"], ["team-1"], "team"),
        (["logs", "team"], ["logs-1", "team-1"], "logs"),
        (["open"], ["logs-1"], None),
    ],
)
def test_the_first_role_that_alone_allows_it_signs(names: list[str], needs: list[str], signs: str | None) -> None:
    verdict = Allowed("read", names[0], tuple(Need("read", name) for name in needs))
    found = signing_role(tuple(RULE[name] for name in names), verdict)
    assert (found and found.name) == signs


@pytest.mark.parametrize(("names", "signs"), [(["all", "root"], None), (["root"], "root"), (["logs", "root"], "root")])
def test_of_those_who_may_do_everything_too(names: list[str], signs: str | None) -> None:
    found = unlimited_signing_role(tuple(RULE[name] for name in names))
    assert (found and found.name) == signs
