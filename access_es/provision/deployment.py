"""A stage of the settings file in AWS: its account, its region, and the names that Zappa gives to resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from access_es.errors import AwsFailure, SettingsError
from access_es.live_permissions import open_permissions
from access_es.partitions import partition_of
from access_es.permissions.roles import Permissions
from access_es.provision.packed_file import permissions_file_faults
from access_es.settings.file import load_stage, load_stage_keys
from access_es.settings.names import Settings
from access_es.settings.read import read_settings
from access_es.settings.regions import parse_region
from access_es.settings.remote import Fetch, apply_config

POLICY_NAME = "zappa-permissions"  # Zappa core.py, create_iam_roles
_PLACEHOLDER = "made-when-the-parameter-is-made-and-never-used"


@dataclass(frozen=True, slots=True)
class Deployment:
    """`zappa` has all keys of the stage. `missing_parameter` is CONFIG's, where nothing is there yet."""

    stage: str
    account: str
    region: str
    function: str
    settings: Settings
    zappa: Mapping[str, Any] = field(repr=False)
    missing_parameter: str | None = None
    has_own_secret: bool = False
    permissions: Permissions | None = None  # what PERMISSIONS says, in the settings or in the file that it names

    @property
    def partition(self) -> str:
        return partition_of(self.region).name

    @property
    def data_region(self) -> str:
        """The region of the tables and the bucket: that of the domain."""
        return self.settings.region or self.region

    @property
    def users_table(self) -> str | None:
        kind, _, name = self.settings.users.partition(":")
        return name if kind == "dynamodb" else None

    @property
    def is_in_vpc(self) -> bool:
        return bool((self.zappa.get("vpc_config") or {}).get("SubnetIds"))

    @property
    def has_rest_api(self) -> bool:
        return self._api_version == "v1"

    @property
    def has_http_api(self) -> bool:
        return self._api_version == "v2"

    @property
    def _api_version(self) -> str | None:
        enabled = self.zappa.get("use_apigateway", True) and self.zappa.get("apigateway_enabled", True)
        return self.zappa.get("apigateway_version", "v1") if enabled else None

    @property
    def role(self) -> str:
        """The name of the function's role."""
        given: str = self.zappa.get("role_arn") or ""
        return given.rpartition("/")[2] or self.zappa.get("role_name") or f"{self.function}-ZappaLambdaExecutionRole"

    @property
    def role_arn(self) -> str:
        return self.zappa.get("role_arn") or self.arn("iam", f"role/{self.role}", region="")

    @property
    def signing_roles(self) -> tuple[str, ...]:
        """The ARNs of the roles that requests are signed with, for those whose role in PERMISSIONS names one."""
        return self.permissions.signing_roles if self.permissions and self.settings.sign else ()

    @property
    def manages_role(self) -> bool:
        return bool(self.zappa.get("manage_roles", True)) and not self.zappa.get("role_arn")

    def arn(self, service: str, resource: str, *, region: str | None = None, account: str | None = None) -> str:
        """An ARN of this account and region, unless others are given; "" leaves one out."""
        where = self.region if region is None else region
        whose = self.account if account is None else account
        return f"arn:{self.partition}:{service}:{where}:{whose}:{resource}"


def read_deployment(file: Path, stage: str, account: str, fetch: Fetch, function: str | None = None) -> Deployment:
    """What `zappa deploy` would deploy. The environment of this machine does not count. Raises SettingsError."""
    keys = load_stage_keys(file, stage)
    missing: list[str] = []
    values = read_values(file, stage, fetch, missing)
    has_own_secret = bool(values.get("SESSION_SECRET", "").strip())
    if missing and not has_own_secret:
        values["SESSION_SECRET"] = _PLACEHOLDER
    region = keys.get("aws_region") or ""
    settings = _read_for_lambda(values, list(_region_faults(region)), file.parent)
    return Deployment(
        stage=stage,
        account=account,
        region=region,
        function=function or function_name(file, stage, keys),
        settings=settings,
        zappa=keys,
        missing_parameter=missing[0] if missing else None,
        has_own_secret=has_own_secret,
        permissions=open_permissions(settings, folder=file.parent).current(),
    )


def read_values(file: Path, stage: str, fetch: Fetch, missing: list[str]) -> dict[str, str]:
    """The settings as text, those of CONFIG over the others; its parameter goes to `missing` where it is not there."""
    values = {**_texts(load_stage_keys(file, stage)), **load_stage(file, stage)}
    return apply_config(values, _recording_missing(fetch, missing))


def _region_faults(region: str) -> Iterator[str]:
    if not region:
        yield "aws_region is missing: name the region to deploy to."
        return
    try:
        parse_region(region)
    except ValueError as fault:
        yield f"aws_region: {fault}."


def _read_for_lambda(values: Mapping[str, str], faults: list[str], folder: Path) -> Settings:
    for name, table in (("USERS", "dynamodb:<table>"), ("TASKS_TABLE", "<table>")):
        if values.get(name, "").startswith("file:"):
            faults.append(f"{name}: a Lambda function has no permanent files; use {table}.")
    if values.get("TASKS_TABLE") and values.get("USERS") == f"dynamodb:{values['TASKS_TABLE']}":
        faults.append("TASKS_TABLE: this is the table of USERS; long queries need their own.")
    if values.get("FRONT_DOOR", "").strip() == "local":
        faults.append("FRONT_DOOR: local has no limits, but a function has; leave it empty.")
    faults += permissions_file_faults(values.get("PERMISSIONS", ""), folder)
    try:
        settings = read_settings(values)
    except SettingsError as error:
        raise SettingsError([*faults, *error.faults]) from error
    if faults:
        raise SettingsError(faults)
    return settings


def _texts(keys: Mapping[str, Any]) -> dict[str, str]:
    """Variables of the function itself; those of the stage go over them when Zappa's handler starts."""
    variables = keys.get("aws_environment_variables") or {}
    return {name: str(value) for name, value in variables.items()}


def _recording_missing(fetch: Fetch, missing: list[str]) -> Fetch:
    """A parameter that is not there yet counts as empty: it is one of the things that provisioning makes."""

    def read(place: str) -> str:
        try:
            return fetch(place)
        except AwsFailure as failure:
            if failure.reason != "ParameterNotFound":
                raise
            missing.append(place.removeprefix("ssm:"))
            return "{}"

    return read


def function_name(file: Path, stage: str, keys: Mapping[str, Any]) -> str:
    """As Zappa makes it of the project's name, which is the folder's unless the settings have one."""
    project = keys.get("project_name") or file.resolve().parent.name
    return re.sub(r"[^a-z0-9]+", "-", f"{project}-{stage}".lower()).strip("-")
