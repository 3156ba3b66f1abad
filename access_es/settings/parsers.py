"""How text becomes a setting's value. Each parser raises ValueError with what is wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from access_es.settings.regions import parse_region

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from access_es.permissions.roles import Permissions
    from access_es.settings.single_sign_on import Allow, MachineRule

T = TypeVar("T", int, float)
FRONT_DOORS = ("rest", "http", "url", "alb", "local")
MIN_SECRET_CHARACTERS = 32
_BOOLEANS = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}


def positive(number: Callable[[str], T], most: float = float("inf")) -> Callable[[str], T]:
    """A number greater than 0 and not above `most`."""

    def parse(text: str) -> T:
        try:
            value = number(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None
        if not 0 < value < float("inf"):
            raise ValueError(f"{text!r} must be greater than 0")
        if value > most:
            raise ValueError(f"{text!r} must be {most:,} or less")
        return value

    return parse


def matching(pattern: str, what: str) -> Callable[[str], str]:
    """The text itself, where the whole of it matches; `what` says what it must be."""

    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} is not {what}")
        return text

    return parse


def boolean(text: str) -> bool:
    if text.lower() not in _BOOLEANS:
        raise ValueError(f"{text!r} must be true or false")
    return _BOOLEANS[text.lower()]


def names(text: str) -> tuple[str, ...]:
    """Names with commas between them."""
    return tuple(name.strip() for name in text.split(",") if name.strip())


def origins(text: str) -> tuple[str, ...]:
    """Origins as browsers send them, with commas between them; extensions of browsers have schemes of their own."""
    found = names(text)
    for origin in found:
        if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[a-z0-9.\[\]:_-]+", origin):
            raise ValueError(
                f"{origin!r} is not an exact origin, such as https://tools.example.com or http://localhost:3000"
            )
    return found


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """Addresses and networks with commas between them."""
    from ipaddress import ip_network  # where the setting is used

    found = []
    for name in names(text):
        try:
            found.append(ip_network(name))
        except ValueError:
            raise ValueError(f"{name!r} is not an address or a network, such as 127.0.0.1 or 10.0.0.0/8") from None
    return tuple(found)


def secrets(text: str) -> tuple[str, ...]:
    """Secrets with commas between them. What is wrong is said without the text."""
    found = names(text)
    if not found or any(len(secret) < MIN_SECRET_CHARACTERS for secret in found):
        raise ValueError(f"each secret needs {MIN_SECRET_CHARACTERS} characters or more")
    return found


def permissions(text: str) -> Permissions | str:
    """Roles and groups; `file:<path>` stays as it is. Raises SettingsError with every fault."""
    if text.startswith("file:"):
        return text
    from access_es.permissions.form import parse_permissions  # where the setting is used

    return parse_permissions(text)


def issuer(text: str) -> str:
    """An OpenID provider's issuer."""
    from access_es.settings.single_sign_on import parse_issuer  # where the setting is used

    return parse_issuer(text)


def allow(text: str) -> Allow:
    """Who of the provider's users may come in."""
    from access_es.settings.single_sign_on import parse_allow

    return parse_allow(text)


def machines(text: str) -> tuple[MachineRule, ...]:
    """Rules for tokens of machines. Raises SettingsError with every fault."""
    from access_es.settings.single_sign_on import parse_machines

    return parse_machines(text)


def client_secret(text: str) -> str:
    """What is wrong is said without the text."""
    if not re.fullmatch(r"[\x20-\x7e]{1,1024}", text):
        raise ValueError("it must be one line of visible characters")
    return text


def scopes(text: str) -> str:
    """Scopes with blanks between them."""
    if "openid" not in text.split() or not re.fullmatch(
        r"[\x21\x23-\x5b\x5d-\x7e]+( +[\x21\x23-\x5b\x5d-\x7e]+)*", text
    ):
        raise ValueError(f"{text!r} must be scopes with blanks between them, openid among them")
    return text


region = parse_region
service = matching("es|aoss", "es or aoss")
role_arn = matching(r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", "a role's ARN, arn:aws:iam::<account>:role/…")
domain_arn = matching(
    r"arn:aws[a-z-]*:(es|aoss):[a-z0-9-]+:\d{12}:(domain|collection)/[a-z0-9-]+",
    "a domain's ARN, arn:aws:es:<region>:<account>:domain/<name>, or a collection's",
)
client_id = matching(r"[\x21-\x7e]{1,512}", "the id of a client")
claim = matching(r"[\x21-\x7e]{1,256}", "the name of a claim, or its path beginning with /")
path = matching(r"/(?![/\\])[\x21-\x7e]*", "a path on this host that begins with one /")
users = matching(r"file:.+|dynamodb:[A-Za-z0-9_.-]{3,255}", "dynamodb:<table> or file:<path>")
tasks_table = matching(r"file:.+|[A-Za-z0-9_.-]{3,255}", "the name of a DynamoDB table, or file:<path>")
# With a dot in its name, a bucket has no host of its own over TLS: S3 User Guide, "Virtual hosting of buckets".
bucket = matching(r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "the name of an S3 bucket: 3 to 63 of a-z, 0-9 and -")
# CloudWatch User Guide, "Namespaces"; AWS/ is reserved, and a colon must not come first: API reference, PutMetricData.
namespace = matching(
    r"(?!AWS/)[A-Za-z0-9._/#-][A-Za-z0-9._/#:-]{0,254}",
    "a namespace of CloudWatch: up to 255 of A-Z a-z 0-9 . - _ / # :",
)
front_door = matching(
    rf"({'|'.join(FRONT_DOORS)})(:[1-9]\d*(\.\d+)?)?",
    f"one of {', '.join(FRONT_DOORS)}, perhaps with its seconds, as in rest:60",
)
# An SSM name begins with / and has parts of these characters: SSM API reference, "PutParameter".
config = matching(
    r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+|ssm:(/[A-Za-z0-9_.-]+)+", "s3://<bucket>/<key> or ssm:/<name>"
)
