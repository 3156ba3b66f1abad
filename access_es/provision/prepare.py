"""Prepares a plan: reads the settings, finds the AWS account and the existing resources."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from access_es.aws import CREDENTIALS_FIX, suggest_fix
from access_es.errors import AwsFailure
from access_es.provision.apply import ProvisionFailed
from access_es.provision.calls import Call, Calls
from access_es.provision.deployment import Deployment, read_deployment
from access_es.provision.plan import Found, find_resources, make_plan
from access_es.provision.step import Plan
from access_es.settings.file import load_stage, load_stage_keys
from access_es.settings.remote import fetch_config


@dataclass(frozen=True, slots=True)
class Prepared:
    """`call` asks AWS as the stage is deployed: its region, its profile."""

    deployment: Deployment
    call: Call
    found: Found
    plan: Plan


def prepare(file: Path, stage: str, function: str | None = None) -> Prepared:
    """Only reads. `function` is its name, if known. Raises SettingsError, ProvisionFailed."""
    deployment, call = open_deployment(file, stage, function)
    try:
        found = find_resources(deployment, call)
    except AwsFailure as failure:
        raise ProvisionFailed(f"The resources in AWS cannot be read: {failure.detail}") from failure
    return Prepared(deployment, call, found, make_plan(deployment, found))


def open_deployment(file: Path, stage: str, function: str | None = None) -> tuple[Deployment, Call]:
    """Raises SettingsError, ProvisionFailed."""
    keys = load_stage_keys(file, stage)
    region, profile = keys.get("aws_region") or None, keys.get("profile_name") or None
    call = Calls(region, profile)
    if not load_stage(file, stage).get("CONFIG"):
        check_file(file, stage)
    try:
        account = find_account(call)
    except ProvisionFailed:
        check_file(file, stage)
        raise
    deployment = read_deployment(
        file, stage, account, lambda place: fetch_config(place, region, call.session), function
    )
    call.data_region = deployment.data_region
    return deployment, call


def check_file(file: Path, stage: str) -> None:
    """Raises SettingsError with the faults of the file alone: nothing is asked, and CONFIG counts as empty."""
    read_deployment(file, stage, "", _not_asked)


def _not_asked(place: str) -> str:
    raise AwsFailure("get_parameter", "ParameterNotFound", f"{place} was not read")


def find_account(call: Call) -> str:
    """Raises ProvisionFailed."""
    try:
        account: str = call("sts", "get_caller_identity")["Account"]
    except AwsFailure as failure:
        fix = suggest_fix(failure.reason) or CREDENTIALS_FIX
        raise ProvisionFailed(f"No valid AWS credentials ({failure.reason}): {fix}.") from failure
    return account
