"""The domain's side, with a gateway that checks signatures as Amazon does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from access_es.credentials import Credentials
from access_es.demo.running_gateway import RunningGateway
from access_es.doctor.domain import ProbeResult, check_address, check_clock, check_domain
from access_es.provision.finding import Finding
from access_es.settings.names import Settings
from access_es.settings.read import read_settings
from access_es.upstream.client import Domain
from access_es.upstream.signing import Signer
from tests.running_proxy import KEY

pytestmark = pytest.mark.heavy


class FixedCredentials:
    """Credentials as they are given, with nothing to renew them from."""

    def __init__(self, access_key: str, secret_key: str) -> None:
        self._credentials = Credentials(access_key, secret_key)

    def current(self) -> Credentials:
        return self._credentials

    def renew(self, refused: Credentials) -> bool:
        return False


def settings(endpoint: str, **changes: str) -> Settings:
    values = {
        "ES_ENDPOINT": endpoint,
        "ES_REGION": "us-east-1",
        "SESSION_SECRET": "s" * 40,
        "USERS": "file:x",
        **changes,
    }
    return read_settings(values)


def examine(
    url: str,
    key: tuple[str, str] = KEY,
    changes: dict[str, str] | None = None,
    shift: timedelta = timedelta(0),
) -> list[Finding]:
    """`shift` is how far the clock of this machine is off."""
    wanted = settings(url, **(changes or {}))
    signer = Signer(wanted.region, wanted.service) if wanted.sign else None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC) + shift  # noqa: E731
    domain = Domain(wanted.endpoint, signer, FixedCredentials(*key) if signer else None, connect_seconds=2, clock=clock)
    try:
        return list(check_domain(wanted, domain, clock()))
    finally:
        domain.close()


def only(found: list[Finding], level: str) -> Finding:
    (one,) = [finding for finding in found if finding.level == level]
    return one


@pytest.fixture
def allowed(gateway: RunningGateway) -> Iterator[RunningGateway]:
    yield gateway
    gateway.allow(KEY[0], None)
    gateway.shift_clock(0)


def test_a_domain_that_takes_our_signature_is_good(gateway: RunningGateway) -> None:
    found = examine(gateway.url)
    assert {one.topic: one.level for one in found if one.topic != "clock"} == {
        "signature": "good",
        "permissions": "good",
    }


@pytest.mark.parametrize(
    ("key", "changes", "says", "fix"),
    [
        ((KEY[0], "wrong"), {}, "secret key is wrong", "secret key"),
        (("AKIDUNKNOWN", KEY[1]), {}, "expired or are not valid", "aws sso login"),
        (KEY, {"ES_REGION": "eu-west-1"}, "does not match the domain's", "ES_REGION"),
        (KEY, {"ES_SERVICE": "aoss"}, "does not match the domain's", "ES_SERVICE"),
        (KEY, {"ES_SIGN": "false"}, "unsigned", "ES_SIGN"),
    ],
)
def test_each_refusal_says_who_refused_and_what_fixes_it(
    key: tuple[str, str], changes: dict[str, str], says: str, fix: str, gateway: RunningGateway
) -> None:
    found = only(examine(gateway.url, key, changes), "fault")
    assert found.topic == "signature" and says in found.says and fix in found.fix


def test_a_policy_that_does_not_allow_reading_is_named(allowed: RunningGateway) -> None:
    allowed.allow(KEY[0], ["es:ESHttpHead"])
    found = only(examine(allowed.url), "fault")
    assert "policy" in found.says and "es:ESHttp*" in found.fix


def test_what_the_role_may_not_do_is_named_by_its_actions(allowed: RunningGateway) -> None:
    allowed.allow(KEY[0], ["es:ESHttpGet", "es:ESHttpHead", "es:ESHttpPost"])
    found = only(examine(allowed.url), "warning")
    assert "es:ESHttpPut and es:ESHttpDelete" in found.says and found.fix


@pytest.mark.parametrize(("seconds", "level"), [(3, "good"), (120, "warning"), (-120, "warning"), (301, "fault")])
def test_a_wrong_clock_is_reported_before_requests_fail(seconds: int, level: str) -> None:
    then = datetime(2026, 1, 1, tzinfo=UTC)
    (found,) = check_clock(ProbeResult(200, then), then + timedelta(seconds=seconds))
    assert found.level == level and ("ahead of" if seconds > 0 else "behind") in found.says
    assert level == "good" or "chronyc" in found.fix


@pytest.mark.parametrize("minutes", [7, -7])
def test_a_signature_refused_for_the_clock_is_reported_as_both(minutes: int, gateway: RunningGateway) -> None:
    found = [one for one in examine(gateway.url, shift=timedelta(minutes=minutes)) if one.level == "fault"]
    assert [one.topic for one in found] == ["clock", "signature"] and all("chronyc" in one.fix for one in found)


def test_an_unreachable_domain_is_reported(gateway: RunningGateway) -> None:
    found = only(examine("http://127.0.0.1:9"), "fault")
    assert found.topic == "domain" and "ES_ENDPOINT" in found.fix
    inside = examine("http://vpc-logs-abc.us-east-1.es.amazonaws.com.invalid")
    assert only(inside, "unknown").fix == "run the doctor from a machine in that VPC"


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"ES_REGION": "eu-west-1"}, "ES_REGION is eu-west-1, but the address"),
        ({"ES_SERVICE": "aoss"}, "ES_SERVICE is aoss, but the address"),
    ],
)
def test_settings_that_contradict_the_address_are_reported(changes: dict[str, str], says: str) -> None:
    (found,) = check_address(settings("https://search-logs-abc.us-east-1.es.amazonaws.com", **changes))
    assert found.level == "fault" and says in found.says and "leave it out" in found.fix


def test_plain_http_to_another_machine_is_reported() -> None:
    (found,) = check_address(settings("http://es.example.com"))
    assert found.level == "warning" and found.fix == "ES_ENDPOINT=https://es.example.com"
    assert list(check_address(settings("http://127.0.0.1:9200"))) == []
