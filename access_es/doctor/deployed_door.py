"""Where a stage's front door is, and its secret: what `doctor --door` starts from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from access_es.doctor.door import check_door
from access_es.errors import SettingsError
from access_es.provision.finding import Finding, fault, setting_faults
from access_es.provision.prepare import prepare
from access_es.settings.file import LOCAL
from access_es.settings.read import read_settings
from access_es.settings.stage import read_stage


def examine_door(file: Path, stage: str, environ: Mapping[str, str], address: str) -> Iterator[Finding]:
    """What comes through the door, case by case. Without an address, it is the stage's own."""
    try:
        yield from _local(file, environ, address) if stage == LOCAL else _deployed(file, stage, address)
    except SettingsError as error:
        yield from setting_faults(error, f"{file.name}, stage {stage}")


def _local(file: Path, environ: Mapping[str, str], address: str) -> Iterator[Finding]:
    if not address:
        yield fault("door", "the local stage has no address of its own", "name it: doctor --door http://127.0.0.1:8080")
        return
    secrets = read_settings(read_stage(file, LOCAL, environ).values).session_secrets
    yield from check_door(address, secrets[0], wants_streaming=False)


def _deployed(file: Path, stage: str, address: str) -> Iterator[Finding]:
    """Raises SettingsError, ProvisionFailed."""
    prepared = prepare(file, stage)
    deployment = prepared.deployment
    if deployment.missing_parameter and not deployment.has_own_secret:
        what = f"the parameter {deployment.missing_parameter} with the secret is not there"
        yield fault("door", what, f"zappa deploy {stage}")
        return
    if not address:
        origins = prepared.found.origins
        if not origins:
            yield fault("door", "nothing is deployed yet", f"zappa deploy {stage}")
            return
        # An API's own address has the stage before all paths; a custom domain and the other doors do not.
        address = f"{origins[0]}/{stage}" if ".execute-api." in origins[0] and deployment.has_rest_api else origins[0]
    settings = deployment.settings
    yield from check_door(address, settings.session_secrets[0], wants_streaming=settings.streaming)
