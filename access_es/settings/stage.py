"""A stage of `zappa_settings.json` on this machine: its values, the environment over them, defaults under them."""

from __future__ import annotations

import os
import secrets
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from access_es.aws import AwsSession
from access_es.errors import SettingsError
from access_es.lazy_dataclass import dataclass
from access_es.settings.file import LOCAL, load_stage, load_stage_keys
from access_es.settings.names import NAMES
from access_es.settings.remote import Fetch, apply_config, fetch_config


@dataclass(frozen=True, slots=True)
class Stage:
    """`values` are the settings as text; `state` is the folder of what the local stage keeps.

    `region` and `profile` are those that Zappa would deploy the stage with, where its settings name them.
    """

    name: str
    values: Mapping[str, str]
    state: Path
    region: str | None = None
    profile: str | None = None
    folder: Path = Path()  # that of the settings file
    has_live_permissions: bool = False  # whether they come from CONFIG, which may change

    @property
    def is_local(self) -> bool:
        return self.name == LOCAL


def read_stage(settings_file: Path, name: str, environ: Mapping[str, str]) -> Stage:
    """The stage by name. Raises SettingsError. Other stages get no defaults: what they lack is a fault."""
    given = {key: environ[key] for key in NAMES if key in environ}
    keys = load_stage_keys(settings_file, name)
    region, profile = keys.get("aws_region") or None, keys.get("profile_name") or None
    deployed = load_stage(settings_file, name)
    values = {**apply_config({**deployed, **given}, fetching(region, profile)), **given}
    state = Path(environ.get("ACCESS_ES_STATE") or settings_file.resolve().parent / ".access-es")
    if name == LOCAL:
        for row in NAMES.values():
            if row.local and not values.get(row.name):
                values[row.name] = row.local.format(state=open_state(state))
        if not values.get("SESSION_SECRET"):
            values["SESSION_SECRET"] = _stored_secret(open_state(state) / "session-secret")
    folder, in_config = settings_file.parent, values.get("PERMISSIONS") != {**deployed, **given}.get("PERMISSIONS")
    return Stage(name, values, state, region, profile, folder, in_config)


def fetching(region: str | None, profile: str | None) -> Fetch:
    return lambda place: fetch_config(place, region, AwsSession(profile, region))


def open_state(folder: Path) -> Path:
    """The state folder, made if missing, readable by its owner only. Raises SettingsError."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    except OSError as fault:
        raise SettingsError([f"ACCESS_ES_STATE: {folder} cannot be used: {fault.strerror}."]) from fault
    return folder


def _stored_secret(file: Path) -> str:
    """A random secret, made once and kept, so that people stay signed in over a restart."""
    if not file.exists():
        draft = file.with_name(f"{file.name}.{secrets.token_hex(4)}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as opened:
            opened.write(secrets.token_urlsafe(48))
        with suppress(FileExistsError):  # another process was first: its secret counts
            os.link(draft, file)
        draft.unlink()
    return file.read_text(encoding="ascii").strip()
