"""What proves who is asking, and how long each proof holds by itself."""

from __future__ import annotations

from dataclasses import field
from typing import Protocol

from access_es.lazy_dataclass import dataclass
from access_es.sign_in.session_cookie import Session
from access_es.users.tokens import Token


@dataclass(frozen=True, slots=True)
class PasswordProof:
    """The password of this hash was presented."""

    user: str
    password_hash: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class MachineProof:
    """A token of another issuer, verified. `roles`: None for those of everybody; `until`: seconds since 1970."""

    name: str
    roles: tuple[str, ...] | None
    until: float


class MachineCheck(Protocol):
    """Verifies tokens of other issuers."""

    def verify(self, token: str) -> MachineProof:
        """Raises `WrongCredentials`, or what a fetch of the issuer's keys raises."""
        ...


@dataclass(frozen=True, slots=True)
class ProviderRule:
    """What counts for users whom a provider vouches for. `issuer` is empty where there is none by now."""

    issuer: str = ""
    token_seconds: float = 0.0  # how long API tokens hold after the last sign-in
    is_only: bool = False  # whether nobody signs in with a password


Proof = Session | Token | PasswordProof | MachineProof


def end_of(proof: Proof, session_seconds: float) -> float:
    """When the proof ends by itself, in seconds since 1970."""
    match proof:
        case Session():
            return min(proof.until, proof.begun + session_seconds)
        case Token():
            return proof.expires
        case MachineProof():
            return proof.until
        case PasswordProof():
            return float("inf")
