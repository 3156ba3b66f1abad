"""A fake provider, and single sign-on with it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from access_es.settings.single_sign_on import parse_allow
from access_es.sign_in.oidc.attempt import AttemptCookies
from access_es.sign_in.oidc.http import ProviderHttp
from access_es.sign_in.oidc.single_sign_on import SignOnSettings, SingleSignOn
from tests.account_fixtures import Clock
from tests.sign_in.oidc.fake_provider import CLIENT, SECRET, FakeProvider, running_provider


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fake(clock: Clock) -> Iterator[FakeProvider]:
    with running_provider(clock) as running:
        yield running


@pytest.fixture
def sign_on(fake: FakeProvider, clock: Clock) -> SingleSignOn:
    settings = SignOnSettings(fake.issuer, CLIENT, SECRET, parse_allow("group:/search"))
    return SingleSignOn(settings, AttemptCookies(("a secret of these tests",)), ProviderHttp(), clock)
