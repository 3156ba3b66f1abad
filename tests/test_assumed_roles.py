"""Roles assumed for people: what AWS is asked for, how often, and what is said where it refuses."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

import pytest

from access_es.assumed_roles import AssumedRoles, groups_value, reading_policy, session_name, session_parameters
from access_es.aws import AwsSession
from access_es.errors import NoCredentials
from access_es.messages import SignAs
from tests.moto_server import REGION, moto_environment

ROLE = "arn:aws:iam::123456789012:role/readers"
ALICE = SignAs(ROLE, "alice", ("data", "ops"))


class Sts(ThreadingHTTPServer):
    """An STS that numbers its sessions; `lives_seconds` is how long they live, `refusal` what it says instead."""

    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[dict[str, str]] = []
        self.lives_seconds, self.answers_after, self.refusal = 3600.0, 0.0, ""
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                outer.asked.append({name: values[0] for name, values in parse_qs(body).items()})
                number = len(outer.asked)
                time.sleep(outer.answers_after)
                status, text = (403, _refused(outer.refusal)) if outer.refusal else (200, outer.session(number))
                self.send_response(status)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        super().__init__(("127.0.0.1", 0), Handler)

    def session(self, number: int) -> str:
        ends = (datetime.now(UTC) + timedelta(seconds=self.lives_seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")
        return (
            "<AssumeRoleResponse xmlns='https://sts.amazonaws.com/doc/2011-06-15/'><AssumeRoleResult><Credentials>"
            f"<AccessKeyId>ASIA{number}</AccessKeyId><SecretAccessKey>s{number}</SecretAccessKey>"
            f"<SessionToken>t{number}</SessionToken><Expiration>{ends}</Expiration>"
            "</Credentials></AssumeRoleResult></AssumeRoleResponse>"
        )


def _refused(message: str) -> str:
    return f"<ErrorResponse><Error><Code>AccessDenied</Code><Message>{message}</Message></Error></ErrorResponse>"


@pytest.fixture
def sts(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sts]:
    for name, value in {**moto_environment("http://unused.invalid")}.items():
        monkeypatch.setenv(name, value)
    with Sts() as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
        yield server
        server.shutdown()


@pytest.fixture
def roles(sts: Sts) -> AssumedRoles:
    return AssumedRoles(REGION, "es", AwsSession(region=REGION))


def test_the_session_names_the_person_and_the_groups(roles: AssumedRoles, sts: Sts) -> None:
    assert roles.source(ALICE).current().token == "t1"
    (asked,) = sts.asked
    assert (asked["RoleArn"], asked["RoleSessionName"], asked["SourceIdentity"]) == (ROLE, "alice", "alice")
    tags = {asked[f"Tags.member.{n}.Key"]: asked[f"Tags.member.{n}.Value"] for n in (1, 2)}
    assert tags == {"access-es-user": "alice", "access-es-groups": ":data:ops:"}
    assert "Policy" not in asked


def test_one_call_for_all_who_wait_and_one_session_for_each_person(roles: AssumedRoles, sts: Sts) -> None:
    sts.answers_after = 0.3
    people = [ALICE, replace(ALICE, user="bob")]
    with ThreadPoolExecutor(40) as pool:
        found = list(pool.map(lambda n: (n % 2, roles.source(people[n % 2]).current()), range(40)))
    assert len(sts.asked) == 2
    assert {asked["RoleSessionName"] for asked in sts.asked} == {"alice", "bob"}
    assert len({(who, credentials.access_key) for who, credentials in found}) == 2


def test_groups_that_changed_make_another_session(roles: AssumedRoles, sts: Sts) -> None:
    roles.source(ALICE).current()
    roles.source(replace(ALICE, groups=("data",))).current()
    roles.source(replace(ALICE, reads_only=True)).current()
    assert len(sts.asked) == 3


def test_it_is_renewed_ahead_of_time_and_nobody_waits(roles: AssumedRoles, sts: Sts) -> None:
    """Under load: from 15 minutes before the end one thread renews, and the others go on with the old session."""
    sts.lives_seconds = 14 * 60
    source = roles.source(ALICE)
    assert source.current().access_key == "ASIA1"
    sts.lives_seconds, sts.answers_after = 3600, 0.5
    waited: list[float] = []

    def use(_: int) -> str:
        began = time.perf_counter()
        key = source.current().access_key
        waited.append(time.perf_counter() - began)
        return key

    with ThreadPoolExecutor(16) as pool:
        keys = list(pool.map(use, range(400)))
    assert set(keys) <= {"ASIA1", "ASIA2"} and len(sts.asked) == 2
    assert sorted(waited)[-2] < 0.4, "one of them renews, and nobody else waits for it"
    assert source.current().access_key == "ASIA2"


def test_an_expired_session_is_never_used(roles: AssumedRoles, sts: Sts) -> None:
    sts.lives_seconds = 11 * 60
    source = roles.source(ALICE)
    source.current()
    sts.refusal = "no"
    assert source.current().access_key == "ASIA1", "while it is valid, a failed renewal changes nothing"
    fresh = roles.source(replace(ALICE, user="carol"))
    for _ in range(3):
        with pytest.raises(NoCredentials):
            fresh.current()
    assert len([one for one in sts.asked if one["RoleSessionName"] == "carol"]) == 1, "not asked again for 5 seconds"


def test_what_the_domain_refuses_is_assumed_anew(roles: AssumedRoles, sts: Sts) -> None:
    source = roles.source(ALICE)
    assert source.renew(source.current())
    assert source.current().access_key == "ASIA2"


@pytest.mark.parametrize("action", ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"])
def test_a_trust_policy_without_an_action_is_explained(action: str, roles: AssumedRoles, sts: Sts) -> None:
    sts.refusal = f"User: arn:aws:sts::1:assumed-role/f/f is not authorized to perform: {action} on resource: {ROLE}"
    with pytest.raises(NoCredentials) as refused:
        roles.source(ALICE).current()
    assert f"{action} is refused; the trust policy" in refused.value.detail and ROLE in refused.value.detail


def test_moto_takes_it(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in moto_environment(moto_url).items():
        monkeypatch.setenv(name, value)
    roles = AssumedRoles(REGION, "es", AwsSession(region=REGION))
    one, other = (roles.source(replace(ALICE, user=name, reads_only=True)).current() for name in ("alice", "bob"))
    assert one.token and other.token and one != other


NAMES = [
    "alice",
    "a",
    "x" * 64,
    "ä@b",
    "o'neil",
    "https://idp.example.com/alice",
    "https---idp.example.com-alice",
    "x" * 65,
]


def test_a_name_of_a_session_is_one_that_aws_takes_and_no_other_persons() -> None:
    made = [session_name(name) for name in NAMES]
    assert all(re.fullmatch(r"[\w+=,.@-]{2,64}", name, re.ASCII) for name in made)
    assert len(set(made)) == len(NAMES)
    assert (made[0], session_name("ann@example.com")) == ("alice", "ann@example.com")


def test_groups_that_a_tag_cannot_hold_are_left_out_whole() -> None:
    assert groups_value(["a:b", "ops", "Search Admins", "x\ny"]) == ":ops:Search Admins:"
    assert groups_value(["x" * 255]) == groups_value([]) == ""
    many = groups_value([f"group-{n}" for n in range(100)])
    assert len(many) <= 256 and many.endswith(":")


@pytest.mark.parametrize("views", [False, True])
def test_the_session_policy_of_a_reader_fits(views: bool) -> None:
    """At most 2,048 characters."""
    asked = session_parameters(replace(ALICE, reads_only=True, views=views), reads_only=True)
    assert len(asked["Policy"]) <= 2048 and json.loads(asked["Policy"]) == reading_policy("aws", views)
    assert "Policy" not in session_parameters(replace(ALICE, reads_only=True), reads_only=False)


def test_a_collection_has_no_actions_to_limit_it_by(sts: Sts) -> None:
    AssumedRoles(REGION, "aoss", AwsSession(region=REGION)).source(replace(ALICE, reads_only=True)).current()
    assert "Policy" not in sts.asked[0]
