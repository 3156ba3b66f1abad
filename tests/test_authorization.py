"""Permissions on the way through a running access-es."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from io import BytesIO

import pytest

from access_es.audit import Entry
from access_es.authorization import Authorization, PermissionDenied
from access_es.demo.running_gateway import RunningGateway
from access_es.live_permissions import LivePermissions
from access_es.messages import ProxyRequest
from access_es.permissions.form import parse_permissions
from access_es.sign_in.identity import Caller
from access_es.upload import Upload
from tests.running_proxy import RunningProxy, running_proxy

PERMISSIONS = {
    "roles": {
        "analyst": {"read": ["logs-*"], "dashboards": "view"},
        "boss": {"manage": ["*"], "dashboards": "edit"},
    },
    "groups": {"bosses": ["boss"], "data": ["analyst"]},
}


@pytest.fixture(scope="module")
def proxy(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    """alice is a boss, bob an analyst, carol in no group."""
    folder = tmp_path_factory.mktemp("permissions")
    (folder / "permissions.json").write_text(json.dumps(PERMISSIONS))
    with running_proxy(
        gateway.url, folder, users=("alice", "bob", "carol"),
        PERMISSIONS=f"file:{folder / 'permissions.json'}", SESSION_RECHECK_SECONDS="0.2",
    ) as running:  # fmt: skip
        assert running.command("users", "groups", "alice", "bosses").returncode == 0
        assert running.command("users", "groups", "bob", "data").returncode == 0
        yield running


def bearer(proxy: RunningProxy, name: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {proxy.tokens[name]}"}


def test_a_role_that_allows_everything_is_not_looked_at(proxy: RunningProxy) -> None:
    answer = proxy.ask("DELETE", "/_demo/echo?x=a%2Fb", bearer(proxy, "alice"))
    assert answer.json()["target"] == "/_demo/echo?x=a%2Fb"


@pytest.mark.parametrize("user", ["bob", "carol"])
def test_what_no_role_allows_is_refused_before_the_domain_sees_it(
    user: str, proxy: RunningProxy, gateway: RunningGateway
) -> None:
    gateway.log.clear()
    answer = proxy.ask("DELETE", "/secret-2024", {**bearer(proxy, user), "Accept": "application/json"})
    told = answer.json()["error"]
    assert (answer.status, told["code"], told["type"], told["layer"]) == (403, "forbidden", "forbidden", "access-es")
    assert user in told["reason"] and told["need"]
    assert not any("secret-2024" in seen.target for seen in gateway.log.last(10))
    time.sleep(0.1)
    line = next(line for line in reversed(proxy.audit()) if line["path"] == "/secret-2024")
    assert (line["user"], line["status"], line["error"]) == (user, 403, "forbidden") and line["rule"]
    assert line.get("groups") == (["data"] if user == "bob" else None)


def test_a_person_is_refused_with_a_page(proxy: RunningProxy) -> None:
    answer = proxy.ask("GET", "/secret-2024", {**bearer(proxy, "carol"), "Accept": "text/html"})
    assert answer.status == 403 and b"carol" in answer.body and b"<html" in answer.body


def test_a_token_may_do_less_than_its_user(proxy: RunningProxy) -> None:
    made = proxy.command("tokens", "add", "alice", "reader", "--role", "analyst")
    limited = {"Authorization": f"Bearer {made.stdout.strip()}"}
    assert proxy.ask("GET", "/_demo/echo", limited).status == 403
    assert proxy.ask("GET", "/_demo/echo", bearer(proxy, "alice")).status == 200


def test_groups_and_roles_act_within_the_recheck_time(proxy: RunningProxy, gateway: RunningGateway) -> None:
    assert proxy.ask("GET", "/_demo/echo", bearer(proxy, "carol")).status == 403
    proxy.command("users", "groups", "carol", "bosses")
    assert proxy.ask("GET", "/_demo/echo", bearer(proxy, "carol")).status == 200
    file = proxy.state.parent / "permissions.json"
    if not file.exists():
        file = proxy.state / "permissions.json"
    file.write_text(json.dumps({**PERMISSIONS, "groups": {}}))
    time.sleep(0.3)
    assert proxy.ask("GET", "/_demo/echo", bearer(proxy, "carol")).status == 403
    file.write_text(json.dumps(PERMISSIONS))
    time.sleep(0.3)
    assert proxy.ask("GET", "/_demo/echo", bearer(proxy, "carol")).status == 200


def test_a_machine_has_the_roles_of_its_rule_and_not_those_of_everybody() -> None:
    roles = {"roles": {"logs": {"read": ["logs-*"]}, "all": {"read": ["open-*"]}}, "default": ["all"]}
    authorization = Authorization(LivePermissions(parse_permissions(roles)), ["s" * 40])
    machine = Caller("machine:ci", (), "machine", named_roles=("logs",))
    person = Caller("ann", (), "session")

    def may(caller: Caller, target: bytes) -> bool:
        request = ProxyRequest("r", "GET", target, (), BytesIO(), "http", "::1")
        try:
            authorization.admit(caller, request, Upload(), Entry(request, None))
        except PermissionDenied:
            return False
        return True

    for _ in range(2):
        assert [may(machine, target) for target in (b"/logs-1/_search", b"/open-1/_search")] == [True, False]
        assert [may(person, target) for target in (b"/logs-1/_search", b"/open-1/_search")] == [False, True]


def test_the_audit_line_of_a_refusal_is_short_whatever_was_asked_for() -> None:
    """CloudWatch cuts a line of more than 1 MB, which then is neither JSON nor counted."""
    roles = {"roles": {"logs": {"read": ["logs-*"]}}, "default": ["logs"]}
    authorization = Authorization(LivePermissions(parse_permissions(roles)), ["s" * 40])
    body = json.dumps({"index": "x\n" * 1_000_000}).encode() + b"\n{}\n"
    request = ProxyRequest("r", "POST", b"/_msearch", (), BytesIO(), "http", "::1")
    lines: list[str] = []
    entry = Entry(request, lines.append)
    with pytest.raises(PermissionDenied):
        authorization.admit(Caller("ann", (), "session"), request, Upload(body), entry)
    entry.finish()
    assert entry.event == "permission_denied" and len(lines[0]) < 2_000
