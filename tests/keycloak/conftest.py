"""A real Keycloak, a person's browser, and access-es in front of a domain that checks signatures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from access_es.demo.cache import cache_folder
from access_es.demo.keycloak import Keycloak, running_keycloak
from access_es.demo.running_gateway import RunningGateway
from tests.browser.chromium import new_window, running_chromium
from tests.keycloak.admin import Admin
from tests.running_proxy import RunningProxy, running_proxy


@pytest.fixture(scope="module")
def keycloak() -> Iterator[Keycloak]:
    with running_keycloak(cache_folder(os.environ, os.getuid()), "http://127.0.0.1:1", print) as running:
        running.wait()
        yield running


@pytest.fixture(scope="module")
def proxy(
    gateway: RunningGateway, keycloak: Keycloak, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    settings: dict[str, Any] = {**keycloak.settings, "SESSION_RECHECK_SECONDS": "0.5", "HOME_PATH": "/_demo/echo"}
    with running_proxy(gateway.url, tmp_path_factory.mktemp("proxy"), **settings) as running:
        yield running


@pytest.fixture(scope="module")
def admin(keycloak: Keycloak, proxy: RunningProxy) -> Admin:
    found = Admin(keycloak)
    found.set_backchannel(f"{proxy.url}/--access-es/oidc/backchannel-logout")
    return found


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with running_chromium() as running:
        yield running


@pytest.fixture
def window(browser: Browser, proxy: RunningProxy) -> Iterator[BrowserContext]:
    with new_window(browser, proxy.url) as opened:
        yield opened
