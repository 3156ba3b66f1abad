"""Single sign-on where TLS ends before access-es: at a REST API, below its stage, and at a trusted proxy."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, expect

from access_es.demo.keycloak import Keycloak
from access_es.demo.processes import free_ports
from access_es.demo.running_gateway import RunningGateway
from tests.browser.chromium import new_window
from tests.cloud.front_door import OVERFLOW_BUCKET, EmulatedCloud, OpenLambdaDoor, cloud, lambda_door
from tests.cloud.package import package, runtime
from tests.keycloak.admin import Admin
from tests.keycloak.conftest import SETTINGS
from tests.keycloak.person import ACCOUNT, BUTTON, await_status, enter, expect_name, sign_out_there
from tests.nginx import running_nginx
from tests.running_proxy import running_proxy

__all__ = ["cloud", "lambda_door", "package", "runtime"]

pytestmark = [pytest.mark.browser, pytest.mark.cloud]
DOORS = {"a trusted proxy": "", "a REST API with its stage": "/dev"}


@dataclass(frozen=True)
class Site:
    """Where people see access-es, such as https://localhost:8443/dev."""

    url: str
    window: BrowserContext

    def cookies(self) -> set[str]:
        return {str(cookie.get("name")) for cookie in self.window.cookies(self.url)}


@pytest.fixture(scope="module")
def addresses(
    keycloak: Keycloak,
    admin: Admin,
    gateway: RunningGateway,
    cloud: EmulatedCloud,
    lambda_door: OpenLambdaDoor,
    certificates: tuple[Path, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, str]]:
    """Each door by its mount. The same nginx stands in for the TLS of API Gateway."""
    folder = tmp_path_factory.mktemp("doors")
    settings: dict[str, Any] = {**keycloak.settings, **SETTINGS}
    with ExitStack() as stack:
        stage = lambda_door("rest-stage", CONFIG=_stored(cloud, settings))
        server = stack.enter_context(running_proxy(gateway.url, folder, trusted_proxy="127.0.0.1", **settings))
        plain, staged = free_ports(2)
        stack.enter_context(running_nginx(folder, certificates[1], {plain: server.port, staged: stage.port}))
        found = {"": f"https://localhost:{plain}", "/dev": f"https://localhost:{staged}/dev"}
        admin.register(*found.values())
        yield found


def _stored(cloud: EmulatedCloud, settings: dict[str, Any]) -> str:
    """The place of a CONFIG: the client's secret is not among the function's own variables."""
    cloud.cloud.aws.client("s3").put_object(Bucket=OVERFLOW_BUCKET, Key="config.json", Body=json.dumps(settings))
    return f"s3://{OVERFLOW_BUCKET}/config.json"


@pytest.fixture(params=list(DOORS.values()), ids=list(DOORS))
def site(request: pytest.FixtureRequest, browser: Browser, addresses: dict[str, str]) -> Iterator[Site]:
    url = addresses[request.param]
    with new_window(browser, url, any_certificate=True) as window:
        yield Site(url, window)


def test_a_deep_link_lives_through_the_first_sign_in_and_signing_out_ends_it(site: Site, keycloak: Keycloak) -> None:
    page = site.window.new_page()
    enter(page, "alice", keycloak, f"{site.url}/_demo/echo?a=1&b=%2F#/discover?_g=(x:1)")
    page.wait_for_url(f"{site.url}/_demo/echo?a=1&b=%2F#/discover?_g=(x:1)")
    assert site.cookies() == {"__Host-access-es"}
    page.goto(f"{site.url}{ACCOUNT}")
    expect_name(page, "alice")
    expect(page.get_by_text("/search/admins")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()
    await_status(site.window, 401, f"{site.url}{ACCOUNT}")
    sign_out_there(page)
    page.wait_for_url(f"{site.url}/--access-es/login")
    page.get_by_role("link", name=BUTTON).click()
    expect(page.get_by_label("Username or email")).to_be_visible()


def test_the_provider_ends_a_session(site: Site, keycloak: Keycloak, admin: Admin) -> None:
    """Its own server says so, over TLS."""
    admin.set_backchannel(f"{site.url}/--access-es/oidc/backchannel-logout")
    page = site.window.new_page()
    enter(page, "carol", keycloak, f"{site.url}{ACCOUNT}")
    expect_name(page, "carol")
    admin.end_sessions("carol")
    await_status(site.window, 401, f"{site.url}{ACCOUNT}")
    page.reload()
    expect(page).to_have_url(re.compile(re.escape(f"{site.url}/--access-es/login")))
