"""The accounts, built from their settings."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from access_es.errors import SettingsError
from access_es.sign_in.build import AccountSettings, build_accounts


@pytest.mark.parametrize(
    ("changes", "faults"),
    [
        ({"secrets": ()}, ["SESSION_SECRET"]),
        ({"secrets": ("new", "")}, ["SESSION_SECRET"]),
        ({"users": "accounts.db"}, ["USERS"]),
        ({"users": "file:"}, ["USERS"]),
        ({"secrets": (), "users": "postgres:x"}, ["SESSION_SECRET", "USERS"]),
    ],
)
def test_settings_that_cannot_work_are_all_named(
    settings: AccountSettings, changes: dict[str, str], faults: list[str]
) -> None:
    with pytest.raises(SettingsError) as caught:
        build_accounts(replace(settings, **changes))  # type: ignore[arg-type]
    assert [fault.partition(":")[0] for fault in caught.value.faults] == faults


def test_building_opens_nothing(settings: AccountSettings) -> None:
    build_accounts(settings)
    assert not Path(settings.users.removeprefix("file:")).exists()


def test_secrets_hide(settings: AccountSettings) -> None:
    assert settings.secrets[0] not in repr(settings)
    assert settings.secrets[0] not in repr(build_accounts(settings))


def test_nothing_heavy_is_loaded_before_it_is_needed() -> None:
    """What is loaded on import is paid for at every cold start."""
    program = (
        "import sys, access_es.sign_in.build; "
        "print([name for name in ('flask', 'flask_login', 'sqlite3', 'werkzeug') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
