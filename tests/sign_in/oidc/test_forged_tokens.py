"""Nobody comes in with a forged token, and none makes us fetch more than once."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from access_es.errors import AccessEsError, WrongCredentials
from access_es.settings.single_sign_on import MachineRule
from access_es.sign_in.oidc.http import ProviderHttp
from access_es.sign_in.oidc.machines import Machines
from access_es.sign_in.oidc.person import Person
from access_es.sign_in.oidc.single_sign_on import SingleSignOn
from tests.account_fixtures import Clock
from tests.sign_in.oidc.fake_provider import CLIENT, FakeProvider, ec_key, public, rsa_key
from tests.sign_in.oidc.forgeries import CLAIMS, OF_SIGN_IN, SIGNATURES, Forge, signed

FOR_PEOPLE = {**SIGNATURES, **CLAIMS, **OF_SIGN_IN}
FOR_MACHINES = {**SIGNATURES, **CLAIMS}


def come_back(sign_on: SingleSignOn, fake: FakeProvider, **more: str) -> Person:
    address, attempt = sign_on.begin("http://localhost/--access-es/oidc/callback", "/x")
    return sign_on.finish(attempt, parse_qsl(urlsplit(fake.approve(address, **more)).query))


def shifted(fake: FakeProvider, seconds: int) -> Callable[[dict[str, Any]], str]:
    """Tokens of a provider whose clock differs."""
    return lambda said: fake.sign({**said, "iat": said["iat"] + seconds, "exp": said["exp"] + seconds})


def rule(fake: FakeProvider) -> MachineRule:
    return MachineRule("nightly", fake.issuer, CLIENT, {"sub": ("ann-1", "bob-1")})


def test_there_are_enough_of_them() -> None:
    assert len(FOR_PEOPLE) >= 70 and len(FOR_MACHINES) >= 60


@pytest.mark.parametrize("forge", FOR_PEOPLE.values(), ids=FOR_PEOPLE)
def test_nobody_signs_in_with(forge: Forge, sign_on: SingleSignOn, fake: FakeProvider, clock: Clock) -> None:
    come_back(sign_on, fake)  # what a process has cached after its first sign-in
    clock.now += 1
    fake.token = partial(forge, fake)
    before = fake.asked["/keys"] + fake.asked["/.well-known/openid-configuration"]
    for _ in range(3):
        with pytest.raises(AccessEsError) as caught:
            come_back(sign_on, fake)
        assert caught.value.code in ("sso_misconfigured", "sso_clock")
    assert fake.asked["/keys"] + fake.asked["/.well-known/openid-configuration"] - before <= 1
    assert "evil" not in caught.value.message


@pytest.mark.parametrize("forge", FOR_MACHINES.values(), ids=FOR_MACHINES)
def test_no_machine_is_taken_for_another_by(forge: Forge, fake: FakeProvider, clock: Clock) -> None:
    machines = Machines((rule(fake),), ProviderHttp(), clock)
    machines.verify(fake.sign(fake.claims()))
    clock.now += 1
    token = forge(fake, fake.claims())
    before = sum(fake.asked.values())
    for _ in range(3):
        with pytest.raises(WrongCredentials):
            machines.verify(token)
    assert sum(fake.asked.values()) - before <= 1


DISCOVERY, KEYS, TOKEN, USERINFO = "/.well-known/openid-configuration", "/keys", "/token", "/userinfo"
ANSWERS: dict[str, dict[str, tuple[int, Any]]] = {
    "discovery is redirected": {DISCOVERY: (302, "/other")},
    "discovery is a list": {DISCOVERY: (200, [])},
    "discovery is no JSON": {DISCOVERY: (200, b"<html>")},
    "discovery is deeply nested": {DISCOVERY: (200, b"[" * 100_000)},
    "discovery is too long": {DISCOVERY: (200, b'{"x": "' + b"x" * 600_000 + b'"}')},
    "discovery is of nobody": {DISCOVERY: (200, {})},
    "keys are redirected": {KEYS: (302, "/other")},
    "keys are redirected for good": {KEYS: (308, "http://127.0.0.1:1/keys")},
    "keys are a list": {KEYS: (200, [public(rsa_key(), "k1")])},
    "keys are an object of keys": {KEYS: (200, {"keys": {"k1": public(rsa_key(), "k1")}})},
    "keys are text": {KEYS: (200, {"keys": ["k1", 7, None]})},
    "keys are not there": {KEYS: (404, {"keys": [public(rsa_key(), "k1")]})},
    "no keys": {KEYS: (200, {"keys": []})},
    "too many keys": {KEYS: (200, {"keys": [public(rsa_key(), f"k{n}") for n in range(2_000)]})},
    "a private key's numbers are missing": {KEYS: (200, {"keys": [{"kty": "RSA", "kid": "k1"}]})},
    "a shared secret": {KEYS: (200, {"keys": [{"kty": "oct", "kid": "k1", "k": "c2VjcmV0"}]})},
    "the code is exchanged elsewhere": {TOKEN: (307, "http://127.0.0.1:1/token")},
    "the exchange gives a list": {TOKEN: (200, [])},
    "the exchange gives a page": {TOKEN: (200, b"<html>")},
    "the exchange gives nothing": {TOKEN: (200, {})},
    "the exchange fails with tokens": {TOKEN: (400, {"id_token": "x", "error": "invalid_grant"})},
    "userinfo is of another person": {USERINFO: (200, {"sub": "bob-1", "groups": ["/search"]})},
    "userinfo is of nobody": {USERINFO: (200, {"groups": ["/search"]})},
    "userinfo is a list": {USERINFO: (200, [])},
    "userinfo is redirected": {USERINFO: (302, "/other")},
}


@pytest.mark.parametrize("wrong", ANSWERS.values(), ids=ANSWERS)
def test_nobody_signs_in_where_the_provider_answers_wrongly(
    wrong: dict[str, tuple[int, Any]], sign_on: SingleSignOn, fake: FakeProvider
) -> None:
    """Nothing is asked more than once, and nothing of where an answer leads."""
    fake.person.pop("groups")  # userinfo has them
    fake.answers = wrong
    with pytest.raises(AccessEsError) as caught:
        come_back(sign_on, fake)
    assert caught.value.code.startswith("sso_") and caught.value.status != 401
    assert "/other" not in fake.asked and set(fake.asked.values()) == {1}


@pytest.mark.parametrize("address", ["file:///etc/passwd", "data:application/json,{}", "ftp://127.0.0.1/keys", 7])
def test_keys_come_over_http_alone(sign_on: SingleSignOn, fake: FakeProvider, address: object) -> None:
    fake.discovery = {"jwks_uri": address}
    with pytest.raises(AccessEsError):
        come_back(sign_on, fake)
    assert fake.asked == {DISCOVERY: 1}


def test_the_true_one_does(sign_on: SingleSignOn, fake: FakeProvider, clock: Clock) -> None:
    """With either algorithm, and clocks that differ by almost a minute."""
    assert come_back(sign_on, fake) == Person("ann-1", "Ann", ("/search",), session="s1")
    fake.token = partial(signed, key=ec_key(), algorithm="ES256", kid="e1")
    assert come_back(sign_on, fake).subject == "ann-1"
    for seconds in (-59, 59):
        fake.token = shifted(fake, seconds)
        assert come_back(sign_on, fake).subject == "ann-1"
    assert fake.asked == {"/.well-known/openid-configuration": 1, "/keys": 1, "/token": 4}


def test_the_true_machine_does(fake: FakeProvider, clock: Clock) -> None:
    machines = Machines((rule(fake),), ProviderHttp(), clock)
    proof = machines.verify(fake.sign(fake.claims(aud=["else", CLIENT])))
    assert (proof.name, proof.roles, proof.until) == ("nightly", None, clock() + 300)


@pytest.mark.parametrize(
    "changes",
    [{"sub": "carol"}, {"sub": None}, {"aud": "else"}, {"nonce": "n"}, {"events": {}}, {"sub": ["x"]}, {"sub": {}}],
    ids=str,
)
def test_a_machine_that_no_rule_names_is_refused(changes: dict[str, Any], fake: FakeProvider, clock: Clock) -> None:
    machines = Machines((rule(fake),), ProviderHttp(), clock)
    with pytest.raises(WrongCredentials):
        machines.verify(fake.sign(fake.claims(**changes)))


def test_a_key_set_by_hand_needs_no_fetch(fake: FakeProvider, clock: Clock) -> None:
    given = MachineRule("pod", fake.issuer, CLIENT, {"sub": ("ann-1",)}, key_set={"keys": fake.key_set})
    machines = Machines((given,), ProviderHttp(), clock)
    assert machines.verify(fake.sign(fake.claims())).name == "pod"
    assert not fake.asked


def test_made_up_logout_tokens_do_not_delay_a_new_key_of_the_provider(
    sign_on: SingleSignOn, fake: FakeProvider, clock: Clock
) -> None:
    """Anybody may send those. Each 5 minutes one of them causes a fetch."""
    come_back(sign_on, fake)
    clock.now += 1
    for _ in range(3):
        with pytest.raises(AccessEsError):
            sign_on.read_logout(fake.logout_token().replace(".", "x.", 1))
        with pytest.raises(AccessEsError):
            sign_on.read_logout(fake.sign(fake.claims(), typ="logout+jwt", kid="made up"))
    assert fake.asked["/keys"] == 2
    clock.now += 10
    fake.key_set = [{**key, "kid": key["kid"].replace("k1", "k2")} for key in fake.key_set]
    fake.token = lambda claims: fake.sign(claims, kid="k2")
    assert come_back(sign_on, fake).subject == "ann-1"
    assert fake.asked["/keys"] == 3


def test_an_unknown_key_of_sign_ins_is_fetched_once_in_ten_seconds(
    sign_on: SingleSignOn, fake: FakeProvider, clock: Clock
) -> None:
    """A provider that changes its keys is followed at once; whoever makes up key ids is not."""
    come_back(sign_on, fake)
    clock.now += 1
    fake.key_set = [{**key, "kid": key["kid"].replace("k1", "k2")} for key in fake.key_set]
    fake.token = lambda claims: fake.sign(claims, kid="k2")
    assert come_back(sign_on, fake).subject == "ann-1"
    fake.token = lambda claims: fake.sign(claims, kid="made up")
    for _ in range(5):
        with pytest.raises(AccessEsError):
            come_back(sign_on, fake)
    assert fake.asked["/keys"] == 2
    clock.now += 11
    with pytest.raises(AccessEsError):
        come_back(sign_on, fake)
    assert fake.asked["/keys"] == 3
