"""The keys that the demo domain accepts, in the place of IAM."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

DEMO_ACCOUNT = "123456789012"


@dataclass(frozen=True, slots=True)
class Credential:
    """One access key. `allowed_actions` holds IAM actions such as `es:ESHttpGet`; None allows every one."""

    access_key: str
    secret_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    arn: str = f"arn:aws:iam::{DEMO_ACCOUNT}:user/demo"
    expired: bool = False
    allowed_actions: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class Keyring:
    """All keys at one moment; every change makes a new ring, so a request sees one of them whole."""

    credentials: tuple[Credential, ...] = ()

    def find(self, access_key: str) -> Credential | None:
        return next((known for known in self.credentials if known.access_key == access_key), None)

    def add(self, credential: Credential) -> "Keyring":
        """The ring with `credential`, in place of an earlier one with the same access key."""
        others = tuple(known for known in self.credentials if known.access_key != credential.access_key)
        return Keyring((*others, credential))

    def expire_others(self, kept: Iterable[str]) -> "Keyring":
        """The ring in which every key but those in `kept` is known, but expired."""
        names = frozenset(kept)
        return Keyring(
            tuple(known if known.access_key in names else replace(known, expired=True) for known in self.credentials)
        )

    def allow(self, access_key: str, actions: Iterable[str] | None) -> "Keyring":
        """The ring in which `access_key` may do `actions` only; None lifts every limit."""
        allowed = None if actions is None else frozenset(actions)
        return Keyring(
            tuple(
                replace(known, allowed_actions=allowed) if known.access_key == access_key else known
                for known in self.credentials
            )
        )
