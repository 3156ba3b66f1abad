"""An OpenID provider with keys of its own, whose every answer a test can change. It counts what is asked of it."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa

CLIENT = "access-es"
SECRET = "the secret of: this client/ü".encode().decode("latin-1")[:26] + "+/="


@cache
def rsa_key(bits: int = 2048, which: int = 0) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(which: int = 0) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def public(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, kid: str, **more: Any) -> dict[str, Any]:
    """The public half, as a key set lists it."""
    if isinstance(key, rsa.RSAPrivateKey):
        jwk = dict(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key(), as_dict=True))
    else:
        jwk = dict(jwt.algorithms.ECAlgorithm.to_jwk(key.public_key(), as_dict=True))
    jwk.pop("key_ops", None)
    return {**jwk, "kid": kid, "use": "sig", **more}


def part(value: Any) -> str:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


class FakeProvider:
    """`issuer` is its address. A `claims` or `token` function of the test makes what the token endpoint gives."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.key_set: list[dict[str, Any]] = [public(rsa_key(), "k1"), public(ec_key(), "e1")]
        self.person: dict[str, Any] = {"sub": "ann-1", "preferred_username": "Ann", "groups": ["/search"], "sid": "s1"}
        self.userinfo: dict[str, Any] | None = None
        self.discovery: dict[str, Any] = {}
        self.lacks: tuple[str, ...] = ()  # of the discovery document
        self.token: Callable[[dict[str, Any]], Any] = self.sign
        self.token_status = 200
        self.token_body: dict[str, Any] = {}
        self.asked: Counter[str] = Counter()
        self.redeemed: list[dict[str, str]] = []
        self.authorizations: list[str] = []
        self.answers: dict[str, tuple[int, Any]] = {}  # by path, in place of its own
        self.is_down = False
        self.delay_seconds = 0.0
        self._codes: dict[str, Mapping[str, str]] = {}
        self.issuer = ""

    def sign(self, claims: dict[str, Any], **header: Any) -> str:
        return jwt.encode(claims, rsa_key(), "RS256", {"kid": "k1", **header})

    def claims(self, nonce: str | None = None, /, **changes: Any) -> dict[str, Any]:
        now = int(self.clock())
        said = {"iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, **self.person}
        said |= {"nonce": nonce} if nonce else {}
        said |= changes
        return {name: value for name, value in said.items() if value is not None}

    def logout_token(self, **changes: Any) -> str:
        events: dict[str, Any] = {"http://schemas.openid.net/event/backchannel-logout": {}}
        named = dict.fromkeys(("preferred_username", "groups"))
        return self.sign(self.claims(None, **{"events": events, "jti": "j1", **named, **changes}), typ="logout+jwt")

    def approve(self, address: str, **more: str) -> str:
        """What the browser is sent back to, once the person agreed at this address."""
        asked = dict(parse_qsl(urlsplit(address).query))
        code = f"code-{len(self._codes)}"
        self._codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer, **more}
        return f"{asked['redirect_uri']}?{urlencode({name: value for name, value in answer.items() if value})}"

    def answer(self, method: str, path: str, form: Mapping[str, str], authorization: str) -> tuple[int, Any]:
        self.asked[path] += 1
        time.sleep(self.delay_seconds)
        if self.is_down:
            return 503, {}
        if path in self.answers:
            return self.answers[path]
        match path:
            case "/.well-known/openid-configuration":
                names = {"authorization_endpoint": "auth", "token_endpoint": "token", "jwks_uri": "keys",
                         "userinfo_endpoint": "userinfo", "end_session_endpoint": "end"}  # fmt: skip
                ends = {name: f"{self.issuer}/{end}" for name, end in names.items()}
                named = {"authorization_response_iss_parameter_supported": True}
                said = {"issuer": self.issuer, **ends, **named, **self.discovery}
                return 200, {name: value for name, value in said.items() if name not in self.lacks}
            case "/keys":
                return 200, {"keys": self.key_set}
            case "/userinfo":
                return (200, self.userinfo) if self.userinfo is not None else (401, {})
            case "/token":
                return self._redeem(dict(form), authorization)
        return 404, {}

    def _redeem(self, form: dict[str, str], authorization: str) -> tuple[int, Any]:
        self.redeemed.append(form)
        self.authorizations.append(authorization)
        asked = self._codes.pop(form.get("code", ""), None)
        if asked is None or asked["redirect_uri"] != form.get("redirect_uri"):
            return 400, {"error": "invalid_grant"}
        if self.token_status != 200:
            return self.token_status, self.token_body
        token = self.token(self.claims(asked["nonce"]))
        return 200, {"id_token": token, "access_token": "an access token", "token_type": "Bearer"}


@contextmanager
def running_provider(clock: Callable[[], float] = time.time) -> Iterator[FakeProvider]:
    fake = FakeProvider(clock)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("")

        def do_POST(self) -> None:
            self._answer(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode())

        def _answer(self, body: str) -> None:
            form = {name: values[0] for name, values in parse_qs(body).items()}
            path = urlsplit(self.path).path
            status, found = fake.answer(self.command, path, form, self.headers.get("Authorization", ""))
            data = found if isinstance(found, bytes) else json.dumps(found).encode()
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", str(found))
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, format: str, *args: Any) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.issuer = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=lambda: server.serve_forever(0.01), daemon=True)
    thread.start()
    try:
        yield fake
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
