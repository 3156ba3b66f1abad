"""Builds single sign-on and the check of machines' tokens, only where the settings ask for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from access_es.settings.single_sign_on import MachineRule
from access_es.sign_in.oidc.attempt import AttemptCookies
from access_es.sign_in.oidc.http import ProviderHttp
from access_es.sign_in.oidc.machines import Machines
from access_es.sign_in.oidc.single_sign_on import SignOnSettings, SingleSignOn


def build_single_sign_on(settings: SignOnSettings, secrets: Sequence[str], clock: Callable[[], float]) -> SingleSignOn:
    return SingleSignOn(settings, AttemptCookies(secrets), ProviderHttp(), clock)


def build_machines(rules: Sequence[MachineRule], clock: Callable[[], float]) -> Machines:
    return Machines(rules, ProviderHttp(), clock)
