"""The setting CONFIG: more settings in an object of S3 or a parameter of SSM, changed without a new deployment.

It holds one JSON object, names and values as in a stage's `environment_variables`, and is read once, at the start. Its
values win over those that were deployed; on one's own machine, real environment variables win over both. What cannot
be read, or is no such object, is a fault: access-es never starts without the settings that were meant.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from access_es.aws import AwsService, AwsSession, make_client, suggest_fix
from access_es.errors import AwsFailure, SettingsError
from access_es.program import program
from access_es.settings.file import near_misses
from access_es.settings.names import NAMES
from access_es.settings.parsers import config as parse_config
from access_es.settings.read import read_settings

Fetch = Callable[[str], str]
_ABSENT = ("NoSuchKey", "NoSuchBucket", "ParameterNotFound", "404")
_DENIED = ("AccessDenied", "AccessDeniedException", "403")


def apply_config(values: Mapping[str, str], fetch: Fetch) -> dict[str, str]:
    """The values with those of CONFIG over them, if it is set. Raises SettingsError."""
    place = values.get("CONFIG", "").strip()
    if not place:
        return dict(values)
    try:
        read, faults = read_config(_fetch_checked(place, fetch))
    except ValueError as fault:
        raise SettingsError([f"CONFIG: what lies in {place} is {fault}."]) from fault
    merged = {**values, **read}
    if faults:
        raise SettingsError([*faults, *_faults_of(merged)])
    return merged


def _fetch_checked(place: str, fetch: Fetch) -> str:
    try:
        parse_config(place)
        return fetch(place)
    except ValueError as fault:
        raise SettingsError([f"CONFIG: {fault}."]) from fault
    except AwsFailure as failure:
        raise SettingsError([f"CONFIG: {place} cannot be read: {_explain(failure, place)}."]) from failure


def read_config(text: str) -> tuple[dict[str, str], list[str]]:
    """The values of a JSON object that can be used, and what is wrong with the others. Raises ValueError."""
    try:
        found = json.loads(text)
    except json.JSONDecodeError as fault:
        raise ValueError(f"no JSON: {fault.msg} in line {fault.lineno}") from None
    if not isinstance(found, dict):
        raise ValueError("JSON, but not an object of names and values")
    faults = {name: _fault(name, value) for name, value in found.items()}
    values = {name: _as_text(found[name]) for name, wrong in faults.items() if not wrong}
    return values, [wrong for wrong in faults.values() if wrong]


def fetch_config(place: str, region: str | None = None, session: AwsSession | None = None) -> str:
    """The text at a place. Raises AwsFailure."""
    if place.startswith("ssm:"):
        ssm = AwsService(lambda: make_client("ssm", region, session))
        value: str = ssm.call("get_parameter", Name=place.removeprefix("ssm:"), WithDecryption=True)["Parameter"][
            "Value"
        ]
        return value
    bucket, _, key = place.removeprefix("s3://").partition("/")
    s3 = AwsService(lambda: make_client("s3", region, session))
    data: bytes = s3.call("get_object", Bucket=bucket, Key=key)["Body"].read()
    return data.decode("utf-8", "replace")


def _fault(name: str, value: Any) -> str | None:
    if name == "CONFIG":
        return "CONFIG: it cannot lead on to another one."
    if name not in NAMES:
        return next(iter(near_misses([name])), f"{name} is not a setting (in CONFIG).")
    if isinstance(value, str) or (NAMES[name].takes_object and isinstance(value, dict | list)):
        return None
    kinds = "text in quotes, an object or a list" if NAMES[name].takes_object else "text in quotes"
    return f"{name}: must be {kinds} (in CONFIG)."


def _as_text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _faults_of(values: Mapping[str, str]) -> tuple[str, ...]:
    try:
        read_settings(values)
    except SettingsError as error:
        return error.faults
    return ()


def _explain(failure: AwsFailure, place: str) -> str:
    if failure.reason in _ABSENT:
        return f"it does not exist; {how_to_make(place)}"
    if failure.reason in _DENIED:  # S3 says so of a missing object, too, to whoever may not list the bucket
        action = "ssm:GetParameter" if place.startswith("ssm:") else "s3:GetObject"
        return f"it does not exist, or these credentials lack {action} on it"
    said = f"{failure.reason}: {failure.aws_message}".rstrip(".")
    return "; ".join(filter(None, (said, suggest_fix(failure.reason))))


def how_to_make(place: str) -> str:
    """The command that puts something there."""
    if place.startswith("ssm:"):
        name = place.removeprefix("ssm:")
        return (
            f"{program()} --stage <stage> provision makes it, "
            f"or aws ssm put-parameter --type SecureString --name {name} --value file://config.json"
        )
    return f"aws s3 cp config.json {place}"
