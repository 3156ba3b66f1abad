"""The settings: one frozen value, read from strings, with every fault reported at once by name.

The names are the same in `zappa_settings.json` (a stage's `environment_variables`), in the real environment and here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from access_es.errors import SettingsError
from access_es.partitions import REGION
from access_es.settings.endpoint import Endpoint, parse_endpoint

T = TypeVar("T")

LONG_QUERY_PATHS = ("_reindex", "_update_by_query", "_delete_by_query", "_forcemerge", "_shrink", "_split", "_clone")
FRONT_DOORS = ("rest", "http", "url", "alb", "local")
MIN_SECRET_CHARACTERS = 32
_MOST_URL_SECONDS = 7 * 24 * 3600  # S3 User Guide, "Sharing objects with presigned URLs"


@dataclass(frozen=True, slots=True)
class Settings:
    """What one stage runs with. Secrets hide in `repr`."""

    endpoint: Endpoint
    region: str
    service: str
    sign: bool = True
    role_arn: str | None = None
    domain_arn: str | None = None  # None: the address tells it, or AWS is asked when the policy is made
    connect_seconds: float = 5.0
    read_seconds: float = 900.0
    home_path: str | None = None  # None: ask the domain what it is
    session_secrets: tuple[str, ...] = field(default=(), repr=False)
    session_hours: float = 12.0
    session_recheck_seconds: float = 60.0
    users: str = ""
    overflow_bucket: str | None = None
    overflow_url_seconds: int = 60
    tasks_table: str | None = None
    long_query_after_seconds: float = 0.5
    long_query_paths: tuple[str, ...] = LONG_QUERY_PATHS
    front_door: str | None = None  # None: detected from each event
    config: str | None = None  # where more settings lie: s3://<bucket>/<key> or ssm:<name>


NAMES = (
    "ES_ENDPOINT", "ES_REGION", "ES_SERVICE", "ES_SIGN", "ES_ROLE_ARN", "ES_DOMAIN_ARN", "ES_CONNECT_SECONDS",
    "ES_READ_SECONDS", "HOME_PATH", "SESSION_SECRET", "SESSION_HOURS", "SESSION_RECHECK_SECONDS", "USERS",
    "OVERFLOW_BUCKET", "OVERFLOW_URL_SECONDS", "TASKS_TABLE", "LONG_QUERY_AFTER_SECONDS", "LONG_QUERY_PATHS",
    "FRONT_DOOR", "CONFIG",
)  # fmt: skip


class _Reader:
    """Reads one value after the other and keeps the faults, so that all are reported together."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.faults: list[str] = []

    def read(self, name: str, parse: Callable[[str], T], default: T) -> T:
        text = self.values.get(name, "").strip()
        if not text:
            return default
        try:
            return parse(text)
        except ValueError as fault:
            self.faults.append(f"{name}: {fault}.")
            return default

    def require(self, name: str, why: str) -> None:
        self.faults.append(f"{name} is missing: {why}.")


def read_settings(values: Mapping[str, str]) -> Settings:
    """Settings from strings. Raises SettingsError with all faults."""
    reader = _Reader(values)
    endpoint = reader.read("ES_ENDPOINT", parse_endpoint, None)
    if not values.get("ES_ENDPOINT", "").strip():
        reader.require("ES_ENDPOINT", "the address of the domain, such as https://search-….us-east-1.es.amazonaws.com")
    sign = reader.read("ES_SIGN", _parse_bool, True)
    region = reader.read("ES_REGION", _parse_region, endpoint.region if endpoint else None)
    if endpoint and sign and not region:
        reader.require("ES_REGION", f"the address {endpoint.host} does not tell the region")
    secrets: tuple[str, ...] = reader.read("SESSION_SECRET", _parse_secrets, ())
    if not values.get("SESSION_SECRET", "").strip():
        reader.require("SESSION_SECRET", "a random text; python -c 'import secrets; print(secrets.token_urlsafe(48))'")
    users = reader.read("USERS", _parse_users, "")
    if not values.get("USERS", "").strip():
        reader.require("USERS", "dynamodb:<table> or file:<path>")
    settings = Settings(
        endpoint=endpoint or Endpoint("https", "unknown.invalid"),
        region=region or "",
        service=reader.read("ES_SERVICE", _parse_service, (endpoint and endpoint.service) or "es"),
        sign=sign,
        role_arn=reader.read("ES_ROLE_ARN", _parse_role, None),
        domain_arn=reader.read("ES_DOMAIN_ARN", _parse_domain, None),
        connect_seconds=reader.read("ES_CONNECT_SECONDS", _positive(float), 5.0),
        read_seconds=reader.read("ES_READ_SECONDS", _positive(float), 900.0),
        home_path=reader.read("HOME_PATH", _parse_path, None),
        session_secrets=secrets,
        session_hours=reader.read("SESSION_HOURS", _positive(float), 12.0),
        session_recheck_seconds=reader.read("SESSION_RECHECK_SECONDS", _positive(float), 60.0),
        users=users,
        overflow_bucket=reader.read("OVERFLOW_BUCKET", _parse_bucket, None),
        overflow_url_seconds=reader.read("OVERFLOW_URL_SECONDS", _positive(int, _MOST_URL_SECONDS), 60),
        tasks_table=reader.read("TASKS_TABLE", _parse_tasks, None),
        long_query_after_seconds=reader.read("LONG_QUERY_AFTER_SECONDS", _positive(float), 0.5),
        long_query_paths=reader.read("LONG_QUERY_PATHS", _parse_names, LONG_QUERY_PATHS),
        front_door=reader.read("FRONT_DOOR", _parse_door, None),
        config=reader.read("CONFIG", parse_config, None),
    )
    if reader.faults:
        raise SettingsError(reader.faults)
    return settings


def _positive(number: Callable[[str], T], most: float = float("inf")) -> Callable[[str], T]:
    def parse(text: str) -> T:
        try:
            value = number(text)
        except ValueError:
            raise ValueError(f"{text!r} is not a number") from None
        if not 0 < float(value) < float("inf"):  # type: ignore[arg-type]
            raise ValueError(f"{text!r} must be greater than 0")
        if float(value) > most:  # type: ignore[arg-type]
            raise ValueError(f"{text!r} must be {most:,} or less")
        return value

    return parse


def _parse_bool(text: str) -> bool:
    known = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in known:
        raise ValueError(f"{text!r} must be true or false")
    return known[text.lower()]


def _parse_region(text: str) -> str | None:
    return _matching(text, REGION, "a region such as us-east-1")


def _parse_service(text: str) -> str:
    return _matching(text, r"es|aoss", "es or aoss")


def _parse_role(text: str) -> str | None:
    return _matching(
        text, r"arn:aws[a-z-]*:iam::\d{12}:role/[\w+=,.@/-]+", "a role's ARN, arn:aws:iam::<account>:role/…"
    )


def _parse_domain(text: str) -> str | None:
    return _matching(
        text,
        r"arn:aws[a-z-]*:(es|aoss):[a-z0-9-]+:\d{12}:(domain|collection)/[a-z0-9-]+",
        "a domain's ARN, arn:aws:es:<region>:<account>:domain/<name>, or a collection's",
    )


def parse_config(text: str) -> str | None:
    # An SSM name begins with / and has parts of these characters: SSM API reference, "PutParameter".
    places = r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+|ssm:(/[A-Za-z0-9_.-]+)+"
    return _matching(text, places, "s3://<bucket>/<key> or ssm:/<name>")


def _parse_users(text: str) -> str:
    return _matching(text, r"file:.+|dynamodb:[A-Za-z0-9_.-]{3,255}", "dynamodb:<table> or file:<path>")


def _parse_tasks(text: str) -> str | None:
    return _matching(text, r"file:.+|[A-Za-z0-9_.-]{3,255}", "the name of a DynamoDB table, or file:<path>")


def _parse_bucket(text: str) -> str | None:
    # With a dot in its name, a bucket has no host of its own over TLS: S3 User Guide, "Virtual hosting of buckets".
    return _matching(text, r"[a-z0-9][a-z0-9-]{1,61}[a-z0-9]", "the name of an S3 bucket: 3 to 63 of a-z, 0-9 and -")


def _parse_door(text: str) -> str | None:
    pattern = rf"({'|'.join(FRONT_DOORS)})(:[1-9]\d*(\.\d+)?)?"
    return _matching(text, pattern, f"one of {', '.join(FRONT_DOORS)}, perhaps with its seconds, as in rest:60")


def _parse_path(text: str) -> str | None:
    return _matching(text, r"/(?![/\\])[\x21-\x7e]*", "a path on this host that begins with one /")


def _parse_names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _parse_secrets(text: str) -> tuple[str, ...]:
    secrets = _parse_names(text)
    if not secrets or any(len(secret) < MIN_SECRET_CHARACTERS for secret in secrets):
        raise ValueError(f"each secret needs {MIN_SECRET_CHARACTERS} characters or more")
    return secrets


def _matching(text: str, pattern: str, what: str) -> str:
    if not re.fullmatch(pattern, text):
        raise ValueError(f"{text!r} is not {what}")
    return text
