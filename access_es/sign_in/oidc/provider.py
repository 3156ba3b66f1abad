"""A provider: what its discovery document says, and its keys."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol
from urllib.parse import urlsplit

from access_es.lazy_dataclass import dataclass
from access_es.sign_in.oidc.cached_fetch import RENEW_SECONDS, CachedFetch
from access_es.sign_in.oidc.errors import ProviderMisconfigured, ProviderUnavailable, TokenInvalid
from access_es.sign_in.oidc.http import Reply
from access_es.sign_in.oidc.key_set import KeySet, find_key
from access_es.sign_in.oidc.signed_token import read_header, verify_signature

_RECENT_SECONDS = 5.0  # how old the last answer of a provider that counts as up may be
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "end_session_endpoint")


class Http(Protocol):
    def get(self, url: str, headers: Mapping[str, str] | None = None) -> Reply: ...

    def post(self, url: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Reply: ...


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is used of the discovery document (OpenID Connect Discovery 1.0, 3). Empty: the provider has none."""

    jwks_uri: str
    authorization_endpoint: str = ""  # issuers of machines' tokens have no sign-in
    token_endpoint: str = ""
    userinfo_endpoint: str = ""
    end_session_endpoint: str = ""
    takes_basic: bool = True  # whether the token endpoint takes the client's secret as Basic credentials
    sends_issuer: bool = False  # RFC 9207: every answer names the issuer


class Provider:
    """Verifies tokens of one issuer. `key_set` is given where its keys are not to be fetched."""

    def __init__(
        self, issuer: str, http: Http, clock: Callable[[], float] = time.time, key_set: KeySet | None = None
    ) -> None:
        self.issuer = issuer
        self._http = http
        self._key_set = key_set
        self._metadata = CachedFetch(self._fetch_metadata, clock)
        self._keys = CachedFetch(self._fetch_keys, clock)

    def metadata(self) -> Metadata:
        return self._metadata.get()

    def known_metadata(self) -> Metadata | None:
        """None where the provider was not asked yet."""
        return self._metadata.peek()

    def recent_metadata(self) -> Metadata:
        """Raises ProviderUnavailable where the provider does not answer now, or did not a little while ago."""
        return self._metadata.get_recent(_RECENT_SECONDS)

    def verify(self, token: str, types: tuple[str, ...], renew_seconds: float = RENEW_SECONDS) -> dict[str, Any]:
        """The claims of a token that this issuer signed. Raises TokenInvalid, or what a fetch of the keys raises.

        `types` are those that its header may name, in lower case; `renew_seconds` how often an unknown key of such
        tokens may cause a fetch.
        """
        header = read_header(token)
        if header.type.removeprefix("application/") not in types:
            raise TokenInvalid(detail=f"The token is of the type {header.type!r:.40}, not of {types}.")
        key_set = self._keys.get() if self._key_set is None else self._key_set
        key = find_key(key_set, header.algorithm, header.kid)
        if key is None and self._key_set is None:
            key = find_key(self._keys.renew(renew_seconds), header.algorithm, header.kid)
        if key is None:
            raise TokenInvalid(detail=f"The issuer has no key {header.kid!r:.100} for {header.algorithm}.")
        return verify_signature(token, header, key)

    def _fetch_metadata(self) -> Metadata:
        url = self.issuer.rstrip("/") + "/.well-known/openid-configuration"
        found = self._fetch_object(url)
        if found.get("issuer") != self.issuer:
            said = f"{url} is of the issuer {found.get('issuer')!r:.200}; OIDC_ISSUER must be exactly that."
            raise ProviderMisconfigured(detail=said)
        methods = found.get("token_endpoint_auth_methods_supported")
        endpoints = {name: self._endpoint(found, name) for name in _ENDPOINTS if name in found}
        return Metadata(
            self._endpoint(found, "jwks_uri"),
            **endpoints,
            takes_basic=not isinstance(methods, list) or "client_secret_basic" in methods,
            sends_issuer=found.get("authorization_response_iss_parameter_supported") is True,
        )

    def _fetch_keys(self) -> KeySet:
        url = self.metadata().jwks_uri
        found = self._fetch_object(url)
        if not isinstance(found.get("keys"), list):
            raise ProviderMisconfigured(detail=f"{url} is no set of keys.")
        return found

    def _fetch_object(self, url: str) -> dict[str, Any]:
        reply = self._http.get(url)
        if reply.status != 200 or not isinstance(reply.body, dict):
            raise ProviderUnavailable(detail=f"{url} answers with status {reply.status} and no JSON object.")
        return reply.body

    def _endpoint(self, found: Mapping[str, Any], name: str) -> str:
        """Over TLS; without it only where the issuer itself is, on this machine."""
        url = found.get(name)
        schemes = ("https://", f"{urlsplit(self.issuer).scheme}://")
        if not isinstance(url, str) or not url.isprintable() or not url.startswith(schemes):
            raise ProviderMisconfigured(detail=f"The provider's {name} is {url!r:.200}, which is not an https address.")
        return url
