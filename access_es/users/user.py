"""Who may sign in."""

from __future__ import annotations

import base64
import hashlib
import re
import secrets
from collections.abc import Iterable
from dataclasses import field, replace

from access_es.errors import BadRequest
from access_es.lazy_dataclass import dataclass

# Starts with a letter or digit, so that no name is mistaken for a command's option; no colon, because it ends the user
# name in Basic credentials (RFC 7617, 2); lower case, so that two people cannot differ in case alone.
_NAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,63}")
MAX_GROUPS, MAX_GROUP_CHARACTERS = 100, 256
PROVIDER_PREFIX = "sso-"
NAME_RULE = "A user name has 1 to 64 lower-case letters, digits and . _ @ + - and begins with a letter or digit."


@dataclass(frozen=True, slots=True)
class User:
    """One person or program. `epoch` is random and changes with whatever must end the sessions the user has open."""

    name: str
    password_hash: str = field(repr=False)
    created: int  # seconds since 1970
    groups: tuple[str, ...] = ()  # which the setting PERMISSIONS gives roles to
    disabled: bool = False
    epoch: str = field(default_factory=lambda: _new_epoch())
    issuer: str = ""  # the OpenID provider that vouches for the user; empty for one who was added here
    subject: str = ""  # who it is to the provider: the two together never change and are never given again
    display_name: str = ""  # what the provider calls the user, for people to read; may change, and is no key
    signed_in: int = 0  # the last sign-in, seconds since 1970; 0: not known
    last_used: int = field(default=0, compare=False)  # to within `last_use.INTERVAL_SECONDS`; 0: not known

    @property
    def title(self) -> str:
        """The name to show."""
        return self.display_name or self.name


def check_name(name: str) -> str:
    """The name as it is kept; raises `BadRequest` with the rule if it cannot be one."""
    if not _NAME.fullmatch(name):
        raise BadRequest(NAME_RULE)
    if name.startswith(PROVIDER_PREFIX):
        raise BadRequest(
            f"Names that begin with {PROVIDER_PREFIX} are those of users who sign in through the provider."
        )
    return name


def name_by_provider(issuer: str, subject: str) -> str:
    """The name of a user whom a provider vouches for: never one that `check_name` lets anybody choose.

    Issuer and subject are the only claims that are unique and stable (OpenID Connect Core 1.0, 5.7).
    """
    digest = hashlib.sha256(f"{issuer}\0{subject}".encode()).digest()
    return PROVIDER_PREFIX + base64.b32encode(digest[:20]).decode("ascii").lower()


def normalize_name(typed: str) -> str:
    """What a person typed at sign-in, as the name would be kept: phones begin words with a capital."""
    return typed.strip().lower()


def check_groups(groups: Iterable[str]) -> tuple[str, ...]:
    """The groups as they are kept, each once; raises `BadRequest` with the rule if one cannot be."""
    kept = tuple(dict.fromkeys(group.strip() for group in groups))
    for group in kept:
        if not 1 <= len(group) <= MAX_GROUP_CHARACTERS or not group.isprintable():
            raise BadRequest(f"A group's name has 1 to {MAX_GROUP_CHARACTERS} printable characters.")
    if len(kept) > MAX_GROUPS:
        raise BadRequest(f"A user is in at most {MAX_GROUPS} groups.")
    return kept


def with_groups(user: User, groups: tuple[str, ...]) -> User:
    """The user in other groups, which ends no session: what they allow changes within the recheck time."""
    return replace(user, groups=groups)


def with_password(user: User, password_hash: str) -> User:
    """The user with another password, which ends all open sessions."""
    return replace(user, password_hash=password_hash, epoch=_new_epoch())


def with_same_password(user: User, password_hash: str) -> User:
    """The user with the same password hashed again, which ends no session."""
    return replace(user, password_hash=password_hash)


def with_new_epoch(user: User) -> User:
    """The same user, all of whose open sessions have ended."""
    return replace(user, epoch=_new_epoch())


def disabled(user: User) -> User:
    return replace(user, disabled=True, epoch=_new_epoch())


def enabled(user: User) -> User:
    return replace(user, disabled=False, epoch=_new_epoch())


def _new_epoch() -> str:
    return secrets.token_urlsafe(9)
