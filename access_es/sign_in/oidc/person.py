"""The person whom the provider's claims describe, and whether that person may come in. Pure."""

from __future__ import annotations

import hashlib
from typing import Any

from access_es.lazy_dataclass import dataclass
from access_es.settings.single_sign_on import Allow
from access_es.sign_in.oidc.claims import Claims, check_subject, find_claim
from access_es.sign_in.oidc.errors import ProviderMisconfigured, SignInRefused
from access_es.users.user import MAX_GROUP_CHARACTERS

MAX_PROVIDER_GROUPS = 1_000
_MAX_NAME_CHARACTERS = 128
_NAME_CLAIMS = ("preferred_username", "email", "sub")


@dataclass(frozen=True, slots=True)
class Person:
    """`mail` is a verified address, or empty; `session` names the provider's session, or is empty."""

    subject: str
    name: str
    groups: tuple[str, ...] = ()
    mail: str = ""
    hosted_domain: str = ""
    session: str = ""


def read_person(claims: Claims, name_claim: str, groups_claim: str) -> Person:
    """Raises SignInRefused where the provider left groups out because there are too many."""
    session, hosted = claims.get("sid"), claims.get("hd")
    return Person(
        check_subject(claims),
        _name(claims, name_claim),
        _groups(claims, groups_claim),
        _verified_mail(claims),
        hosted.lower() if isinstance(hosted, str) else "",
        session if isinstance(session, str) and len(session) <= 255 else "",
    )


def is_allowed(person: Person, allow: Allow | None) -> bool:
    """Whether the setting OIDC_ALLOW lets the person in. Where it is not set, nobody."""
    if allow is None:
        return False
    domain = person.mail.partition("@")[2]
    return (
        allow.everyone
        or not allow.groups.isdisjoint(person.groups)
        or (bool(domain) and domain in allow.domains)
        or (bool(person.hosted_domain) and person.hosted_domain in allow.hosted_domains)
        or person.subject in allow.users
        or (bool(person.mail) and person.mail in {user.lower() for user in allow.users if "@" in user})
    )


def session_key(issuer: str, session: str) -> str:
    """What the provider's session is known by here: in our cookies and among what is revoked. "" for none."""
    return "sid:" + hashlib.sha256(f"{issuer}\0{session}".encode()).hexdigest()[:32] if session else ""


def lacks_claims(claims: Claims, name_claim: str, groups_claim: str) -> bool:
    """Whether the userinfo endpoint may know more than the ID token (OpenID Connect Core 1.0, 5.4)."""
    names = (name_claim,) if name_claim else _NAME_CLAIMS[:2]
    has_name = any(find_claim(claims, name) is not None for name in names)
    return not has_name or (find_claim(claims, groups_claim) is None and not _has_overage(claims, groups_claim))


def _name(claims: Claims, name_claim: str) -> str:
    for claim in (name_claim, *_NAME_CLAIMS):
        found = find_claim(claims, claim) if claim else None
        if isinstance(found, str):
            shown = "".join(character for character in found if character.isprintable()).strip()
            if shown:
                return shown[:_MAX_NAME_CHARACTERS]
    return check_subject(claims)[:_MAX_NAME_CHARACTERS]


def _groups(claims: Claims, groups_claim: str) -> tuple[str, ...]:
    if _has_overage(claims, groups_claim):
        raise SignInRefused(
            "You are in more groups than your provider sends. Ask an administrator to have it send fewer.",
            detail="The provider left the groups out (overage): assign groups, or app roles, to the application.",
        )
    found: Any = find_claim(claims, groups_claim)
    listed = [] if found is None else [found] if isinstance(found, str) else found
    if not isinstance(listed, list) or not all(isinstance(group, str) for group in listed):
        raise ProviderMisconfigured(detail=f"The claim {groups_claim!r} holds no list of texts.")
    kept = tuple(dict.fromkeys(group for group in listed if group and len(group) <= MAX_GROUP_CHARACTERS))
    if len(kept) > MAX_PROVIDER_GROUPS:
        raise SignInRefused(f"You are in more than {MAX_PROVIDER_GROUPS} groups, which is too many to sign in here.")
    return kept


def _has_overage(claims: Claims, groups_claim: str) -> bool:
    """Entra ID sends no groups at all beyond 200, and says so in one of these two ways."""
    named = claims.get("_claim_names")
    return (isinstance(named, dict) and groups_claim in named) or claims.get("hasgroups") in (True, "true")


def _verified_mail(claims: Claims) -> str:
    """In lower case. Only where the provider says that it is verified: some let people write any address.

    Some say it with the text "true". `a@b@c` is no address.
    """
    mail = claims.get("email")
    if claims.get("email_verified") not in (True, "true") or not isinstance(mail, str) or mail.count("@") != 1:
        return ""
    return mail.lower() if mail.isascii() and mail.isprintable() else ""
