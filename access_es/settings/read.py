"""Read the settings from text: one frozen value, or every fault at once, by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from access_es.errors import SettingsError
from access_es.settings.names import NAMES, TABLE, Settings
from access_es.settings.setting import Setting


def read_settings(values: Mapping[str, str]) -> Settings:
    """Settings from texts; an empty one counts as none. Raises SettingsError with all faults."""
    faults: dict[str, tuple[str, ...]] = {}
    settings = Settings(**{field: _read(row, values, faults) for field, row in TABLE.items()})
    settings = _derive(settings, values, faults)
    if faults:
        raise SettingsError([fault for name in NAMES for fault in faults.get(name, ())])
    return settings


def _read(row: Setting, values: Mapping[str, str], faults: dict[str, tuple[str, ...]]) -> Any:
    text = _given(row, values)
    try:
        if text:
            return row.parse(text)
    except ValueError as fault:
        faults[row.name] = (f"{row.name}: {fault}.",)
    except SettingsError as error:
        faults[row.name] = error.faults
    if row.required and not text:
        faults[row.name] = (f"{row.name} is missing: {row.required}.",)
    return row.default


def _derive(settings: Settings, values: Mapping[str, str], faults: dict[str, tuple[str, ...]]) -> Settings:
    """The defaults that follow from other settings, in the table's order."""
    for field, row in TABLE.items():
        if row.derive is None or _given(row, values) or not faults.keys().isdisjoint(row.refers_to):
            continue
        try:
            settings = replace(settings, **{field: row.derive(settings)})
        except ValueError as fault:
            faults[row.name] = (f"{row.name} is missing: {fault}.",)
    return settings


def _given(row: Setting, values: Mapping[str, str]) -> str:
    return values.get(row.name, "").strip()
