"""Runs in `zappa deploy` and `zappa update`: checks the settings, creates what is missing, attaches the policy."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

from access_es.errors import AccessEsError, SettingsError
from access_es.program import program
from access_es.provision.apply import apply
from access_es.provision.deployment import Deployment, read_values
from access_es.provision.integrations import published_variables
from access_es.provision.packed_file import packed_path, permissions_file_faults
from access_es.provision.plan import desired_policy
from access_es.provision.prepare import Prepared, prepare
from access_es.provision.zappa_keys import check_keys
from access_es.settings.file import LOCAL, load_stage, load_stage_keys
from access_es.settings.stage import fetching

DEPLOYING = ("deploy", "update")
NO_PERMISSIONS = "access_es/provision/no_permissions.json"  # what is attached if ever this callback does not run


def check(cli: Any) -> None:
    """Stop a deployment that cannot work, and give Zappa the policy and a bucket to deploy through."""
    if cli.api_stage == LOCAL:
        sys.exit(f"The stage 'local' is for this machine: {program()} serve. Deploy 'dev' or 'prod'.")
    if cli.command not in DEPLOYING:
        return
    with _exit_on_error(cli):
        keys = load_stage_keys(_file(cli), cli.api_stage)
    if wrong := [found for found in check_keys(keys) if found.level == "fault"]:
        sys.exit("\n".join(f"{found.says}: {found.fix}." for found in wrong))
    prepared = _prepare(cli)
    if prepared.plan.blockers:
        sys.exit("\n".join(f"{blocker.what}: {blocker.fix}." for blocker in prepared.plan.blockers))
    deployment = prepared.deployment
    if cli.stage_config.get("attach_policy") == NO_PERMISSIONS:
        cli.zappa.attach_policy = json.dumps(_policy_for_zappa(prepared))
    if deployment.has_rest_api:
        _publish_variables(cli, prepared)
    if "s3_bucket" not in cli.stage_config:  # Zappa would make another one with each deployment
        cli.s3_bucket_name = deployment_bucket(deployment)


def _publish_variables(cli: Any, prepared: Prepared) -> None:
    """Let the deployment that Zappa makes in between say whether it streams.

    `zappa update` publishes the integrations as they are, perhaps reset by CloudFormation, and no variables.
    """
    publish = cli.zappa.deploy_api_gateway

    def publish_with_variables(*, api_id: str, stage_name: str, **options: Any) -> Any:
        variables = published_variables(prepared.call, api_id, stage_name)
        return publish(api_id=api_id, stage_name=stage_name, **{**options, "variables": variables})

    cli.zappa.deploy_api_gateway = publish_with_variables


def deployment_bucket(deployment: Deployment) -> str:
    """The bucket for packages during a deployment; always the same."""
    return f"access-es-deployments-{deployment.account}-{deployment.region}"


def make(cli: Any) -> None:
    """Create what is missing and can be created now: before the function and its address exist, and once they do."""
    if cli.command not in DEPLOYING:
        return
    prepared = _prepare(cli)
    try:
        apply(prepared.plan, prepared.call, lambda done: print(f"Provisioned: {done}."))
    except AccessEsError as error:
        sys.exit(error.message)


def packed_files(cli: Any) -> dict[str, bytes]:
    """The file of PERMISSIONS, if the settings name one, by its path in the package. Only a deployment asks AWS."""
    file = _file(cli)
    with _exit_on_error(cli):
        values = _values(cli, file)
        path = packed_path(values.get("PERMISSIONS", ""))
        if faults := permissions_file_faults(values.get("PERMISSIONS", ""), file.parent):
            raise SettingsError(faults)
    return {} if path is None else {str(PurePosixPath(path)): (file.parent / path).read_bytes()}


def _values(cli: Any, file: Path) -> dict[str, str]:
    if cli.command not in DEPLOYING:
        return load_stage(file, cli.api_stage)
    keys = load_stage_keys(file, cli.api_stage)
    fetch = fetching(keys.get("aws_region") or None, keys.get("profile_name") or None)
    return dict(read_values(file, cli.api_stage, fetch, missing=[]))


def _prepare(cli: Any) -> Prepared:
    with _exit_on_error(cli):
        return prepare(_file(cli), cli.api_stage, cli.lambda_name)


def _file(cli: Any) -> Path:
    return Path((cli.vargs or {}).get("settings_file") or "zappa_settings.json")


@contextmanager
def _exit_on_error(cli: Any) -> Iterator[None]:
    try:
        yield
    except AccessEsError as error:
        sys.exit(
            f"{error.message}\nNothing was changed. To check the stage: {program()} --stage {cli.api_stage} doctor"
        )


def _policy_for_zappa(prepared: Prepared) -> dict[str, Any]:
    """Without the extra permissions, which Zappa adds itself."""
    deployment = prepared.deployment
    without = {key: value for key, value in deployment.zappa.items() if key != "extra_permissions"}
    return desired_policy(replace(deployment, zappa=without), prepared.found)
