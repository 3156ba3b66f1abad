"""The code flow with PKCE (OpenID Connect Core 1.0, 3.1; RFC 7636), without any state on this side."""

from __future__ import annotations

import base64
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import quote_plus, urlencode

from access_es.lazy_dataclass import dataclass
from access_es.settings.single_sign_on import Allow
from access_es.sign_in.oidc import answer, claims
from access_es.sign_in.oidc.attempt import Attempt, AttemptCookies, begin_attempt
from access_es.sign_in.oidc.errors import ProviderMisconfigured, SignInRefused, TokenInvalid
from access_es.sign_in.oidc.person import Person, is_allowed, lacks_claims, read_person
from access_es.sign_in.oidc.provider import Http, Metadata, Provider

_ID_TOKEN_TYPES = ("", "jwt")
_LOGOUT_TYPES = ("", "jwt", "logout+jwt")
# The provider itself hands out ID tokens, for a code. Whoever makes up other tokens must not delay a new key of theirs.
_RENEW_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class SignOnSettings:
    """The settings of single sign-on; `label` is what the button says, `is_only` that there are no passwords."""

    issuer: str
    client_id: str
    client_secret: str = field(default="", repr=False)
    allow: Allow | None = None
    scopes: str = "openid profile email"
    name_claim: str = ""
    groups_claim: str = "groups"
    label: str = "Sign in with your company account"
    is_only: bool = False
    token_seconds: float = 30 * 86_400.0
    renew_seconds: float = 3_600.0


class SingleSignOn:
    """Sends people to the provider, and finds out who came back."""

    def __init__(
        self,
        settings: SignOnSettings,
        cookies: AttemptCookies,
        http: Http,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.settings = settings
        self.cookies = cookies
        self._http = http
        self._clock = clock
        self._provider = Provider(settings.issuer, http, clock)

    def check_up(self) -> None:
        """Raises ProviderUnavailable where the provider does not answer. Asks it once in 5 seconds at most."""
        self._provider.recent_metadata()

    def begin(self, redirect_uri: str, next: str, *, prompt: str = "", is_retry: bool = False) -> tuple[str, Attempt]:
        """The address to send the browser to, and the attempt to keep in its cookie."""
        metadata = self._provider.metadata()
        if not metadata.authorization_endpoint or not metadata.token_endpoint:
            raise ProviderMisconfigured(detail=f"{self.settings.issuer} has no sign-in: it issues tokens alone.")
        attempt = begin_attempt(redirect_uri, next, self._clock(), is_retry=is_retry)
        asked = {
            "response_type": "code",
            "client_id": self.settings.client_id,
            "redirect_uri": redirect_uri,
            "scope": self.settings.scopes,
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        if prompt:
            asked["prompt"] = prompt
        return _with_query(metadata.authorization_endpoint, asked), attempt

    def finish(self, attempt: Attempt, pairs: Iterable[tuple[str, str]]) -> Person:
        """Who came back, vouched for by the provider. Raises an error that says why nobody did.

        Whether that person may come in is another question: `admit`.
        """
        parameters = answer.read_answer(pairs)
        metadata = self._provider.metadata()
        answer.check_sender(parameters, self.settings.issuer, is_named=metadata.sends_issuer)
        tokens = self._redeem(answer.read_code(parameters), attempt, metadata)
        said = self._verified_id_token(tokens.get("id_token"), attempt)
        return read_person(
            self._completed(said, tokens, metadata), self.settings.name_claim, self.settings.groups_claim
        )

    def admit(self, person: Person) -> None:
        """Raises SignInRefused where the setting OIDC_ALLOW does not let the person in."""
        if not is_allowed(person, self.settings.allow):
            raise SignInRefused(detail=f"OIDC_ALLOW does not name {person.name!r} ({person.subject!r}).")

    def read_logout(self, token: str) -> Mapping[str, Any]:
        """The claims of a logout token. Raises TokenInvalid."""
        said = self._provider.verify(token, _LOGOUT_TYPES)
        s = self.settings
        claims.check_logout_token(said, issuer=s.issuer, client_id=s.client_id, now=self._clock())
        return said

    def may_sign_out(self) -> bool:
        """Whether the provider has a page to sign out, as far as that is known without asking it."""
        known = self._provider.known_metadata()
        return known is None or bool(known.end_session_endpoint)

    def sign_out_address(self, back: str) -> str | None:
        """Where the person signs out of the provider (RP-Initiated Logout 1.0); None where it has no such page.

        No ID token is kept to send along, so the provider asks whether the person means it.
        """
        endpoint = self._provider.metadata().end_session_endpoint
        asked = {"client_id": self.settings.client_id, "post_logout_redirect_uri": back}
        return _with_query(endpoint, asked) if endpoint else None

    def _redeem(self, code: str, attempt: Attempt, metadata: Metadata) -> Mapping[str, Any]:
        """The tokens for the code. Sent once: a second use would revoke the tokens of the first (RFC 6749, 4.1.2)."""
        fields = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": attempt.redirect_uri,
            "code_verifier": attempt.verifier,
        }
        id, secret = self.settings.client_id, self.settings.client_secret
        headers: dict[str, str] = {}
        if secret and metadata.takes_basic:  # each part form-encoded first: RFC 6749, 2.3.1
            pair = f"{quote_plus(id)}:{quote_plus(secret)}"
            headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode("ascii")
        else:
            fields |= {"client_id": id, "client_secret": secret} if secret else {"client_id": id}
        reply = self._http.post(metadata.token_endpoint, fields, headers)
        body = reply.body if isinstance(reply.body, dict) else {}
        if reply.status != 200:
            answer.refuse_exchange(reply.status, body.get("error"))
        return body

    def _verified_id_token(self, token: Any, attempt: Attempt) -> dict[str, Any]:
        if not isinstance(token, str):
            raise ProviderMisconfigured(detail="The provider sent no ID token: OIDC_SCOPES must contain openid.")
        s = self.settings
        try:
            said = self._provider.verify(token, _ID_TOKEN_TYPES, _RENEW_SECONDS)
            claims.check_id_token(said, issuer=s.issuer, client_id=s.client_id, nonce=attempt.nonce, now=self._clock())
        except TokenInvalid as error:
            raise ProviderMisconfigured(
                "What the provider said about you could not be verified. Try again.", detail=error.detail
            ) from None
        return said

    def _completed(self, said: dict[str, Any], tokens: Mapping[str, Any], metadata: Metadata) -> dict[str, Any]:
        """With the claims that only the userinfo endpoint gives (Core, 5.3), if it speaks of the same person."""
        access = tokens.get("access_token")
        s = self.settings
        if not metadata.userinfo_endpoint or not isinstance(access, str) or not access.isprintable():
            return said
        if not lacks_claims(said, s.name_claim, s.groups_claim):
            return said
        reply = self._http.get(metadata.userinfo_endpoint, {"Authorization": f"Bearer {access}"})
        more = reply.body
        if reply.status != 200 or not isinstance(more, dict):
            raise ProviderMisconfigured(detail=f"The userinfo endpoint answers {reply.status} and no JSON object.")
        if more.get("sub") != said.get("sub"):
            raise ProviderMisconfigured(detail="The userinfo endpoint speaks of another person than the ID token.")
        return {**more, **said}


def _with_query(endpoint: str, parameters: Mapping[str, str]) -> str:
    return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(parameters)}"
