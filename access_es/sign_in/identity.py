"""Identifies who sent a request, by its headers only. This runs for every request, so it must be fast."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from access_es.errors import BadRequest, TokenExpired, WrongCredentials
from access_es.lazy_dataclass import dataclass
from access_es.messages import Headers
from access_es.sign_in.authorization_header import (
    OfferedPassword,
    OfferedToken,
    looks_like_jwt,
    read_authorization,
)
from access_es.sign_in.last_use import LastUse
from access_es.sign_in.password_check import PasswordCheck
from access_es.sign_in.proof_cache import ProofCache
from access_es.sign_in.proofs import MachineCheck, MachineProof, PasswordProof, Proof, ProviderRule, end_of
from access_es.sign_in.session_cookie import Session, SessionCookies, offered_values
from access_es.users import tokens
from access_es.users.stores import Stores
from access_es.users.tokens import Token
from access_es.users.user import User, normalize_name

_NO_PASSWORDS = "Passwords are not accepted here. Send an API token: the account page, /--access-es/account, makes one."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is asking. `how` is "session", "token", "password" or "machine"; `token` is the label where it was a token.

    `groups` are what the setting PERMISSIONS gives roles to; `only_roles` narrows these to the token's, None to all;
    a machine has the `named_roles` instead. `user` is unique and never changes, `display_name` is for people to read.
    """

    user: str
    groups: tuple[str, ...]
    how: str
    token: str | None = None
    only_roles: tuple[str, ...] | None = None
    display_name: str = ""
    named_roles: tuple[str, ...] | None = None
    renew_at: int = 0  # from when on a page load goes through the provider again; 0: never

    @property
    def title(self) -> str:
        """The name to show."""
        return self.display_name or self.user


@dataclass(frozen=True, slots=True)
class _CachedProof:
    """A caller, what proved it, and how long that holds without another lookup."""

    caller: Caller
    proof: Proof
    revision: int
    until: float


class Identity:
    """Verifies what a request offers, remembers it for `recheck_seconds`, forgets it when the stores changed.

    After that it looks up again whether the proof still holds; a password is not hashed again for that.
    """

    def __init__(
        self,
        stores: Stores,
        cookies: SessionCookies,
        password_check: PasswordCheck,
        recheck_seconds: float,
        clock: Callable[[], float] = time.time,
        provider: ProviderRule = ProviderRule(),  # noqa: B008  a frozen value
        machines: MachineCheck | None = None,
    ) -> None:
        self._provider = provider
        self._machines = machines
        self._stores = stores
        self._cookies = cookies
        self._password_check = password_check
        self._recheck_seconds = recheck_seconds
        # The clock on the wall: one that stands still while a Lambda sandbox is frozen would stretch the recheck time.
        self._clock = clock
        self.last_use = LastUse(stores.last_use, clock)
        self._cache: ProofCache[_CachedProof] = ProofCache()
        self._locks = tuple(threading.Lock() for _ in range(64))

    def identify(self, headers: Headers, *, scheme: str, client_address: str) -> Caller | None:
        """The caller, or None if nothing was offered, or only a session that is over.

        Raises `WrongCredentials` (`TokenExpired`), `TooManyFailures` or `BadRequest` for an Authorization header that
        does not hold, whatever the cookie says; `StoreUnusable` where nobody can be looked up.
        """
        offered = [value for name, value in headers if len(name) == 13 and name.lower() == "authorization"]
        if offered:
            return self._by_authorization(offered, client_address)
        values = offered_values(headers, scheme)
        return self._by_cookie(values) if values else None

    def session_caller(self, session: Session) -> Caller | None:
        """Who a session belongs to, looked up now; None if it is over."""
        try:
            return self._look_up(session)
        except WrongCredentials:
            return None

    def _by_cookie(self, values: tuple[str, ...]) -> Caller | None:
        key = self._cache.key("cookie " + " ".join(values))
        try:
            return self._from_cache(key) or self._verify_and_cache(key, lambda: self._open(values))
        except WrongCredentials:
            return None  # an expired session is no failure: the person is sent to the sign-in page

    def _by_authorization(self, offered: list[str], address: str) -> Caller:
        if len(offered) > 1:
            raise BadRequest("The request has more than one Authorization header.")
        key = self._cache.key("authorization " + offered[0])
        caller = self._from_cache(key)
        if caller:
            return caller
        # Many connections often begin with the same password at once: the first one verifies it for the others.
        with self._locks[key[0] % len(self._locks)]:
            return self._from_cache(key) or self._verify_and_cache(key, lambda: self._verify(offered[0], address))

    def _from_cache(self, key: bytes) -> Caller | None:
        """A caller who was verified before, and still is who it was."""
        cached = self._cache.get(key)
        if cached is None:
            return None
        if self._clock() < cached.until and self._stores.changes.revision() == cached.revision:
            return cached.caller
        try:
            return self._verify_and_cache(key, lambda: cached.proof)
        except WrongCredentials:
            self._cache.forget(key)
            return None

    def _verify_and_cache(self, key: bytes, proof_of: Callable[[], Proof]) -> Caller:
        revision = self._stores.changes.revision()  # read first: a change while we look makes what we found stale
        until = self._clock() + self._recheck_seconds  # from here too: the looking may take seconds
        proof = proof_of()
        caller = self._look_up(proof)
        self._cache.put(
            key, _CachedProof(caller, proof, revision, min(until, end_of(proof, self._cookies.lifetime_seconds)))
        )
        return caller

    def _open(self, values: tuple[str, ...]) -> Session:
        session = self._cookies.open_one(values, self._clock())
        if session is None:
            raise WrongCredentials
        return session

    def _verify(self, value: str, address: str) -> Proof:
        offered = read_authorization(value)
        if isinstance(offered, OfferedPassword):
            if self._machines is not None and looks_like_jwt(offered.password):
                return self._machines.verify(offered.password)
            if self._provider.is_only:
                raise WrongCredentials(_NO_PASSWORDS)
            user = self._password_check.check(offered.user, offered.password, address)
            return PasswordProof(user.name, user.password_hash)
        if self._machines is not None and looks_like_jwt(offered.text):
            return self._machines.verify(offered.text)
        return self._verify_token(offered)

    def _verify_token(self, offered: OfferedToken) -> Token:
        token_id = tokens.token_id(offered.text)
        token = self._stores.tokens.find(token_id) if token_id else None
        if token is None:
            named = offered.user and self._stores.users.find(offered.user)
            raise WrongCredentials().about(named.name if named else None)
        if not tokens.matches(token, offered.text) or not self._is_of(token, offered.user):
            raise WrongCredentials().about(token.user, token.label)
        if token.is_expired(self._clock()):
            raise TokenExpired().about(token.user, token.label)
        return token

    def _is_of(self, token: Token, name: str | None) -> bool:
        """Whether the name sent with a token is its user's: the one it is stored under, or the one that is shown."""
        if name in (None, token.user):
            return True
        user = self._stores.users.find(token.user)
        return user is not None and normalize_name(user.title) == name

    def _look_up(self, proof: Proof) -> Caller:
        """The caller, if the proof holds by what the stores say now; raises `WrongCredentials`."""
        if isinstance(proof, MachineProof):
            return self._machine(proof)
        user = self._stores.users.find(proof.user)
        if user is None or user.disabled or self._clock() >= end_of(proof, self._cookies.lifetime_seconds):
            raise _refusal(user, proof)
        if user.issuer:
            self._check_provider(user, proof)
        token = self._stores.tokens.find(proof.id) if isinstance(proof, Token) else None
        match proof:
            case Session():
                holds, how = self._is_open(proof, user), "session"
            case Token():
                holds, how = token == proof, "token"
            case PasswordProof():
                holds, how = user.password_hash == proof.password_hash, "password"
        if not holds:
            raise _refusal(user, proof)
        self.last_use.note(proof, user, token)
        label, only_roles = (token.label, token.roles) if token else (None, None)
        renew_at = proof.renew_at if isinstance(proof, Session) else 0
        return Caller(user.name, user.groups, how, label, only_roles, user.display_name, renew_at=renew_at)

    def _machine(self, proof: MachineProof) -> Caller:
        """Its name has a colon, which no user's has: neither can be taken for the other."""
        if self._clock() >= proof.until:
            raise WrongCredentials
        self.last_use.note(proof)
        return Caller(f"machine:{proof.name}", (), "machine", display_name=proof.name, named_roles=proof.roles)

    def _check_provider(self, user: User, proof: Proof) -> None:
        """Users of a provider that is not ours any more have nobody who vouches for them."""
        if user.issuer != self._provider.issuer:
            raise _refusal(user, proof)
        if isinstance(proof, Token) and self._clock() >= user.signed_in + self._provider.token_seconds:
            from access_es.sign_in.oidc.errors import SignInTooOld

            raise SignInTooOld().about(user.name, proof.label)

    def _is_open(self, session: Session, user: User) -> bool:
        """Neither ended here nor, where a provider vouched for the user, there."""
        revocations, of_provider = self._stores.revocations, session.provider_session
        if session.epoch != user.epoch or revocations.is_revoked(session.id):
            return False
        return not of_provider or not revocations.is_revoked(of_provider)


def _refusal(user: User | None, proof: Proof) -> WrongCredentials:
    label = proof.label if isinstance(proof, Token) else None
    return WrongCredentials().about(user.name if user else None, label)
