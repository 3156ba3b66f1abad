"""AWS credentials, and what supplies them."""

from __future__ import annotations

from dataclasses import field
from typing import Protocol

from access_es.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Credentials:
    """One consistent set of AWS credentials."""

    access_key: str
    secret_key: str = field(repr=False)
    token: str | None = field(default=None, repr=False)


class CredentialsSource(Protocol):
    """Where credentials come from."""

    def current(self) -> Credentials:
        """One frozen set. Raises errors.NoCredentials."""
        ...

    def renew(self, refused: Credentials) -> bool:
        """Forget a set that the domain refused; whether there is another one to try."""
        ...
