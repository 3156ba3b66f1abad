"""The zip that Zappa packs, under the real runtime client, behind each front door."""

from __future__ import annotations

import json
import re

import pytest

from access_es.demo.cloud.deploy import Package
from access_es.demo.cloud.doors.registry import NAMES
from tests.cloud.lambda_door import LambdaDoor, OpenLambdaDoor

pytestmark = pytest.mark.cloud


@pytest.fixture(scope="module", params=NAMES)
def door(request: pytest.FixtureRequest, lambda_door: OpenLambdaDoor) -> LambdaDoor:
    return lambda_door(request.param)


def path(door: LambdaDoor, rest: str) -> str:
    """As a client has to write it: an API's own address has the stage in front."""
    return f"/dev{rest}" if "stage" in door.door.front.door.__class__.__name__ else rest


def test_health_and_the_login_page(door: LambdaDoor) -> None:
    at = "/dev" if _has_stage(door) else ""
    health = door.ask("GET", f"{at}/--access-es/health")
    assert (health.status, health.json()) == (200, {"status": "ok"})
    login = door.ask("GET", f"{at}/--access-es/login", {"Accept": "text/html"})
    assert login.status == 200 and b"<form" in login.body


def test_a_signed_request_reaches_the_domain(door: LambdaDoor) -> None:
    at = "/dev" if _has_stage(door) else ""
    seen = door.ask("GET", f"{at}/_demo/echo?foo=1&foo=2", {**door.bearer, "X-One": "1"})
    assert seen.status == 200, (seen.body, door.door.log())


def _has_stage(door: LambdaDoor) -> bool:
    settings = getattr(door.door.front.door, "settings", None)
    return settings is not None and not settings.own_domain


def test_the_package_is_small_and_holds_what_runs_alone(package: Package) -> None:
    assert package.zip_bytes <= 12_000_000
    names = {each.relative_to(package.code).as_posix() for each in package.code.rglob("*")}
    wrong = re.compile(r"(^|/)(tests|bench|docs|demo|boto3|botocore|gunicorn|pytest|moto|\.venv|\.access-es)(/|$)")
    assert not [name for name in names if wrong.search(name)]
    assert json.dumps(sorted(name for name in names if "/" not in name))
