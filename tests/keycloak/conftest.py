"""A real Keycloak, a person's browser, and access-es in front of a domain that checks signatures."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext

from access_es.demo.cache import cache_folder
from access_es.demo.keycloak import Keycloak, running_keycloak
from access_es.demo.running_gateway import RunningGateway
from tests.browser.chromium import new_window, running_chromium
from tests.keycloak.admin import Admin
from tests.running_proxy import RunningProxy, running_proxy
from tests.tls_server import write_certificates

SETTINGS = {"SESSION_RECHECK_SECONDS": "0.5", "HOME_PATH": "/_demo/echo"}


@pytest.fixture(scope="package")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The authority that Keycloak trusts, and a key with its certificate for `localhost`."""
    return write_certificates(tmp_path_factory.mktemp("certificates"))


@pytest.fixture(scope="package")
def keycloak(certificates: tuple[Path, Path]) -> Iterator[Keycloak]:
    """One for all files of this folder: it takes half a minute until it answers."""
    cache = cache_folder(os.environ, os.getuid())
    with running_keycloak(cache, "http://127.0.0.1:1", print, authority=certificates[0]) as running:
        running.wait()
        yield running


@pytest.fixture(scope="package")
def admin(keycloak: Keycloak) -> Admin:
    return Admin(keycloak)


@pytest.fixture(scope="module")
def proxy(
    gateway: RunningGateway, keycloak: Keycloak, admin: Admin, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningProxy]:
    folder = tmp_path_factory.mktemp("proxy")
    settings: dict[str, Any] = {**keycloak.settings, **SETTINGS}
    with running_proxy(gateway.url, folder, **settings) as running:
        admin.set_backchannel(f"{running.url}/--access-es/oidc/backchannel-logout")
        yield running


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    with running_chromium() as running:
        yield running


@pytest.fixture
def window(browser: Browser, proxy: RunningProxy) -> Iterator[BrowserContext]:
    with new_window(browser, proxy.url) as opened:
        yield opened
