"""Tokens that must let nobody in, each by what is wrong with it."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from tests.sign_in.oidc.fake_provider import FakeProvider, ec_key, part, public, rsa_key

Claims = dict[str, Any]
Forge = Callable[[FakeProvider, Claims], Any]


def signed(claims: Claims, key: Any = None, algorithm: str = "RS256", **header: Any) -> str:
    named = {"kid": "k1", "typ": "JWT", **header}
    return jwt.api_jws.PyJWS().encode(json.dumps(claims).encode(), key or rsa_key(), algorithm, named)


def unsigned(claims: Claims, header: Mapping[str, Any], signature: bytes = b"") -> str:
    return f"{part(dict(header))}.{part(claims)}.{part(signature) if signature else ''}"


def _hmac(claims: Claims, secret: bytes, kid: str = "k1") -> str:
    signed = f"{part({'alg': 'HS256', 'typ': 'JWT', 'kid': kid})}.{part(claims)}"
    return f"{signed}.{part(hmac.new(secret, signed.encode(), hashlib.sha256).digest())}"


def _pem() -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return rsa_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _changed(fake: FakeProvider, claims: Claims, **changes: Any) -> str:
    said = {name: value for name, value in {**claims, **changes}.items() if value is not None}
    return signed(said)


def _swapped(fake: FakeProvider, claims: Claims) -> str:
    header, _, signature = signed(claims).split(".")
    return f"{header}.{part({**claims, 'sub': 'bob-1'})}.{signature}"


def _bit_flipped(fake: FakeProvider, claims: Claims) -> str:
    head, _, signature = signed(claims).rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def _padded(fake: FakeProvider, claims: Claims) -> str:
    """PKCS #1 padding that a lenient parser takes (Bleichenbacher, 2006), without the key."""
    signed = f"{part({'alg': 'RS256', 'kid': 'k1'})}.{part(claims)}"
    block = (bytes((0, 1, 255, 0)) + hashlib.sha256(signed.encode()).digest()).ljust(256, bytes(1))
    return f"{signed}.{part(block)}"


def _weak(fake: FakeProvider, claims: Claims) -> str:
    fake.key_set.append(public(rsa_key(1024), "weak"))
    text = f"{part({'alg': 'RS256', 'kid': 'weak'})}.{part(claims)}"
    return f"{text}.{part(rsa_key(1024).sign(text.encode(), PKCS1v15(), SHA256()))}"


def _with_key_of(fake: FakeProvider, claims: Claims, **more: Any) -> str:
    fake.key_set.append({**public(rsa_key(2048, 2), "other"), **more})
    return signed(claims, rsa_key(2048, 2), kid="other")


def _same_kid_twice(fake: FakeProvider, claims: Claims) -> str:
    fake.key_set.append(public(rsa_key(2048, 2), "k1"))
    return signed(claims, rsa_key(2048, 2))


SIGNATURES: dict[str, Forge] = {
    "no algorithm": lambda f, c: unsigned(c, {"alg": "none"}),
    "no algorithm, in capitals": lambda f, c: unsigned(c, {"alg": "NONE"}),
    "no algorithm, with a signature": lambda f, c: unsigned(c, {"alg": "none", "kid": "k1"}, b"x" * 256),
    "an empty signature": lambda f, c: unsigned(c, {"alg": "RS256", "kid": "k1"}),
    "algorithm in small letters": lambda f, c: unsigned(c, {"alg": "rs256", "kid": "k1"}, b"x" * 256),
    "algorithm is a list": lambda f, c: unsigned(c, {"alg": ["RS256"], "kid": "k1"}, b"x" * 256),
    "no algorithm named": lambda f, c: unsigned(c, {"kid": "k1"}, b"x" * 256),
    "public key as HMAC secret": lambda f, c: _hmac(c, _pem()),
    "public key as JSON for an HMAC secret": lambda f, c: _hmac(c, json.dumps(f.key_set[0]).encode()),
    "client secret as HMAC secret": lambda f, c: _hmac(c, b"the secret of this client"),
    "empty HMAC secret": lambda f, c: _hmac(c, b""),
    "a key of its own in the header": lambda f, c: signed(c, rsa_key(2048, 1), jwk=public(rsa_key(2048, 1), "k1")),
    "a key set of its own in the header": lambda f, c: signed(c, rsa_key(2048, 1), jku="https://evil.example/keys"),
    "a certificate of its own": lambda f, c: signed(c, rsa_key(2048, 1), x5c=["MIIB"], x5u="https://evil.example"),
    "another key under the known id": lambda f, c: signed(c, rsa_key(2048, 1)),
    "an unknown key": lambda f, c: signed(c, rsa_key(2048, 1), kid="unknown"),
    "a key id that is a path": lambda f, c: signed(c, rsa_key(2048, 1), kid="../../dev/null"),
    "a key id that is a number": lambda f, c: unsigned(c, {"alg": "RS256", "kid": 1}, b"x" * 256),
    "a key for encryption": lambda f, c: _with_key_of(f, c, use="enc"),
    "a key of another algorithm": lambda f, c: _with_key_of(f, c, alg="RS512"),
    "a key that may not verify": lambda f, c: _with_key_of(f, c, key_ops=["encrypt"]),
    "two keys of one id": _same_kid_twice,
    "a key of 1024 bits": _weak,
    "PS256": lambda f, c: signed(c, rsa_key(), "PS256"),
    "RS512": lambda f, c: signed(c, rsa_key(), "RS512"),
    "ES256 under the id of an RSA key": lambda f, c: signed(c, ec_key(), "ES256"),
    "RS256 under the id of an EC key": lambda f, c: signed(c, rsa_key(), kid="e1"),
    "ES256 of another key": lambda f, c: signed(c, ec_key(1), "ES256", kid="e1"),
    "ES256 all zeros": lambda f, c: unsigned(c, {"alg": "ES256", "kid": "e1"}, b"\0" * 64),
    "unknown critical extension": lambda f, c: signed(c, crit=["exp"], exp=1),
    "empty critical extensions": lambda f, c: signed(c, crit=[]),
    "detached payload": lambda f, c: unsigned(c, {"alg": "RS256", "kid": "k1", "b64": False}, b"x" * 256),
    "claims of another person under the signature": _swapped,
    "one bit of the signature": _bit_flipped,
    "lenient padding": _padded,
    "encrypted form, five parts": lambda f, c: signed(c) + ".a.b",
    "two parts": lambda f, c: signed(c).rpartition(".")[0],
    "far too long": lambda f, c: signed({**c, "more": "x" * 20_000}),
    "deeply nested": lambda f, c: f"{part({'alg': 'RS256', 'kid': 'k1'})}.{part(b'[' * 9_000)}.{part(b'x' * 256)}",
    "deeply nested header": lambda f, c: f"{part(b'[' * 9_000)}.{part(c)}.{part(b'x' * 256)}",
    "claims that are a list": lambda f, c: jwt.api_jws.PyJWS().encode(b"[1]", rsa_key(), "RS256", {"kid": "k1"}),
    "not base64": lambda f, c: "a.b.c!",
    "text beyond ASCII": lambda f, c: signed(c).replace("e", "é", 1),
}
CLAIMS: dict[str, Forge] = {
    "another issuer": lambda f, c: _changed(f, c, iss="https://evil.example"),
    "an issuer that begins with ours": lambda f, c: _changed(f, c, iss=f.issuer + ".evil.example"),
    "an issuer that is a part of ours": lambda f, c: _changed(f, c, iss=f.issuer[:-1]),
    "our issuer with a slash": lambda f, c: _changed(f, c, iss=f.issuer + "/"),
    "a list of issuers": lambda f, c: _changed(f, c, iss=[f.issuer]),
    "no issuer": lambda f, c: _changed(f, c, iss=None),
    "for another client": lambda f, c: _changed(f, c, aud="another"),
    "an audience that begins with ours": lambda f, c: _changed(f, c, aud="access-es-cli"),
    "for nobody": lambda f, c: _changed(f, c, aud=[]),
    "no audience": lambda f, c: _changed(f, c, aud=None),
    "expired": lambda f, c: _changed(f, c, exp=c["iat"] - 61),
    "no expiry": lambda f, c: _changed(f, c, exp=None),
    "expiry is text": lambda f, c: _changed(f, c, exp="9999999999"),
    "expiry is not a number": lambda f, c: _changed(f, c, exp=float("nan")),
    "expiry is infinite": lambda f, c: _changed(f, c, exp=float("inf")),
    "expiry is true": lambda f, c: _changed(f, c, exp=True),
    "issued in the future": lambda f, c: _changed(f, c, iat=c["iat"] + 61),
    "no time of issue": lambda f, c: _changed(f, c, iat=None),
    "not valid before later": lambda f, c: _changed(f, c, nbf=c["iat"] + 61),
    "not valid before a word": lambda f, c: _changed(f, c, nbf="soon"),
}
OF_SIGN_IN: dict[str, Forge] = {
    "issued to another client": lambda f, c: _changed(f, c, azp="another"),
    "also for another client": lambda f, c: _changed(f, c, aud=["access-es", "another"]),
    "no nonce": lambda f, c: _changed(f, c, nonce=None),
    "another nonce": lambda f, c: _changed(f, c, nonce="another"),
    "nonce in a list": lambda f, c: _changed(f, c, nonce=[c["nonce"]]),
    "no subject": lambda f, c: _changed(f, c, sub=None),
    "empty subject": lambda f, c: _changed(f, c, sub=""),
    "subject is a number": lambda f, c: _changed(f, c, sub=7),
    "subject too long": lambda f, c: _changed(f, c, sub="x" * 256),
    "an access token": lambda f, c: signed(c, typ="at+jwt"),
    "a logout token": lambda f, c: f.logout_token(),
    "no token": lambda f, c: None,
    "not text": lambda f, c: {"a": 1},
}
