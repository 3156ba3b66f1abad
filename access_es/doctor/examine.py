"""Checks a stage completely, and yields each finding as soon as it is known."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from access_es.assumed_roles import AssumedRoles
from access_es.aws import CREDENTIALS_FIX, AwsSession, suggest_fix
from access_es.aws_credentials import BotoCredentials
from access_es.doctor.assumable import check_assumable, check_trust
from access_es.doctor.deployed import check_api, check_function, check_limits, check_plan, explain
from access_es.doctor.domain import CLOCK_FIX, check_address, check_domain, check_network
from access_es.doctor.permissions import check_permissions
from access_es.doctor.roles import check_roles
from access_es.doctor.single_sign_on import check_single_sign_on
from access_es.errors import AwsFailure, NoCredentials, SettingsError
from access_es.live_permissions import open_stage_permissions
from access_es.provision.address import address_of
from access_es.provision.calls import Call, Calls
from access_es.provision.deployment import Deployment, read_deployment
from access_es.provision.finding import Finding, fault, good, setting_faults, warning
from access_es.provision.plan import desired_policy, find_resources, make_plan
from access_es.provision.prepare import check_file
from access_es.provision.zappa_keys import check_keys
from access_es.settings.file import LOCAL, load_stage, load_stage_keys
from access_es.settings.names import Settings
from access_es.settings.parsers import config as parse_config
from access_es.settings.read import read_settings
from access_es.settings.remote import fetch_config
from access_es.settings.stage import read_stage
from access_es.upstream.client import Domain
from access_es.upstream.network import read_network
from access_es.upstream.signing import Signer

_READ_TIMEOUT_SECONDS = 10.0


def examine(file: Path, stage: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    """All findings about a stage. The environment counts only for the local stage, which runs in it."""
    place = f"{'the environment, or in ' if stage == LOCAL else ''}{file.name}, stage {stage}"
    try:
        yield from _local(file, environ) if stage == LOCAL else _deployed(file, stage, environ)
    except SettingsError as error:
        yield from setting_faults(error, place, _other_place(file, stage))


def _other_place(file: Path, stage: str) -> str:
    """The other place where a wrong value may come from."""
    with suppress(SettingsError, ValueError):
        if config := parse_config(load_stage(file, stage).get("CONFIG", "")):
            return f", or in {config}"
    return ""


def _local(file: Path, environ: Mapping[str, str]) -> Iterator[Finding]:
    stage = read_stage(file, LOCAL, environ)
    settings = read_settings(stage.values)
    yield good("settings", f"{file.name} is complete" if file.exists() else "the environment has all that is needed")
    permissions = open_stage_permissions(stage, settings).current()
    yield from check_roles(permissions)
    yield from check_single_sign_on(settings, permissions, None)
    if settings.sign:
        _, found = _check_identity(Calls(stage.region or settings.region, stage.profile))
        yield found
        if found.level == "fault":
            return
        session = AwsSession(stage.profile, settings.region)
        arns = permissions.signing_roles if permissions else ()
        yield from check_assumable(arns, AssumedRoles(settings.region, settings.service, session))
    yield from check_address(settings)
    yield from _ask(settings, stage.profile, environ)


def _deployed(file: Path, stage: str, environ: Mapping[str, str]) -> Iterator[Finding]:
    keys = load_stage_keys(file, stage)
    region, profile = keys.get("aws_region") or None, keys.get("profile_name") or None
    yield from check_keys(keys)
    yield from _check_secret(file, stage)
    call = Calls(region, profile)
    account, found = _check_identity(call)
    yield found
    if account is None:
        check_file(file, stage)
        return
    deployment = read_deployment(file, stage, account, lambda place: fetch_config(place, region, call.session))
    yield good("settings", f"{file.name} is complete")
    yield from check_roles(deployment.permissions)
    yield from _check_network(deployment)
    yield from check_limits(deployment)
    call.data_region = deployment.data_region
    yield from _check_aws(deployment, call)
    yield from check_single_sign_on(deployment.settings, deployment.permissions, _address(deployment, call))
    yield from check_address(deployment.settings)
    yield from _ask(deployment.settings, profile, environ)


def _check_aws(deployment: Deployment, call: Call) -> Iterator[Finding]:
    try:
        found = find_resources(deployment, call)
        yield from check_plan(deployment, make_plan(deployment, found))
        yield from check_function(deployment, found, call)
        yield from check_api(deployment, found)
        yield from check_trust(deployment.signing_roles, deployment.role_arn, call)
        if found.function.has_role:
            yield from check_permissions(deployment, desired_policy(deployment, found), call)
    except AwsFailure as failure:
        yield explain(failure)


def _address(deployment: Deployment, call: Call) -> str | None:
    if not deployment.settings.oidc_issuer:
        return None
    with suppress(AwsFailure):
        return address_of(deployment, call)
    return None


def _check_secret(file: Path, stage: str) -> Iterator[Finding]:
    found = load_stage(file, stage)
    for name in ("SESSION_SECRET", "OIDC_CLIENT_SECRET"):
        if found.get(name):
            what = f"{name} is in the settings file, and so in the package, where others can read it"
            yield warning("settings", what, f"move it to CONFIG, such as ssm:/access-es/{stage}")


def _check_network(deployment: Deployment) -> Iterator[Finding]:
    host = deployment.settings.endpoint.host
    if host.startswith("vpc-") and not deployment.is_in_vpc:
        what = f"{host} is inside a VPC; the function is not, and cannot reach it"
        yield fault("network", what, '"vpc_config" with SubnetIds and SecurityGroupIds of that VPC')
    if deployment.settings.endpoint.region not in (None, deployment.region):
        what = f"the function is in {deployment.region}, the domain in {deployment.settings.endpoint.region}"
        yield warning("network", what, f'"aws_region": "{deployment.settings.endpoint.region}"')


def _check_identity(call: Call) -> tuple[str | None, Finding]:
    """The AWS account, and the identity of our credentials."""
    try:
        known = call("sts", "get_caller_identity")
    except AwsFailure as failure:
        what = f"No valid AWS credentials: {failure.reason}: {failure.aws_message}"
        return None, fault("credentials", what, fix_identity(failure))
    return known["Account"], good("credentials", f"AWS identifies you as {known['Arn']}")


def fix_identity(failure: AwsFailure) -> str:
    """The fix for credentials that AWS does not accept."""
    if re.match("Signature (expired|not yet current)", failure.aws_message):  # STS's own words
        return CLOCK_FIX
    return suggest_fix(failure.reason) or CREDENTIALS_FIX


def _ask(settings: Settings, profile: str | None, environ: Mapping[str, str]) -> Iterator[Finding]:
    """Ask the domain with the credentials and through the network of whoever runs the doctor."""
    network = read_network(environ, settings.connect_url)
    yield from check_network(settings, network)
    signer = Signer(settings.region, settings.service) if settings.sign else None
    session = AwsSession(profile, settings.region)
    source = BotoCredentials(settings.region, settings.role_arn, session=session) if signer else None
    if source:
        try:
            source.current()
        except NoCredentials as error:
            yield fault("credentials", f"{error.message} {error.detail}", _fix_source(settings))
            return
    domain = Domain(
        settings.endpoint,
        signer,
        source,
        connect_seconds=settings.connect_seconds,
        read_seconds=_READ_TIMEOUT_SECONDS,
        network=network,
        connect_to=settings.connect_to,
    )
    try:
        yield from check_domain(settings, domain)
    finally:
        domain.close()


def _fix_source(settings: Settings) -> str:
    if settings.role_arn is None:
        return CREDENTIALS_FIX
    return f"allow this identity sts:AssumeRole on {settings.role_arn}, in its own policy and in that role's trust"
