"""The file that PERMISSIONS names, as `file:<path>`: it is read from the package, so it must be packed with it."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from access_es.errors import SettingsError

_FILE = "file:"


def packed_path(value: str) -> str | None:
    """The path that a value of PERMISSIONS names, from the settings file's folder; None where it names none."""
    return value.strip().removeprefix(_FILE) if value.strip().startswith(_FILE) else None


def permissions_file_faults(value: object, folder: Path) -> tuple[str, ...]:
    """What is wrong with the file that this value of PERMISSIONS names, if it names one."""
    path = packed_path(value) if isinstance(value, str) else None
    if path is None:
        return ()
    if PurePosixPath(path).is_absolute() or ".." in PurePosixPath(path).parts:
        return (f"PERMISSIONS: {path} is outside of the package; name a file below the folder of the settings file.",)
    from access_es.permissions.form import parse_permissions

    try:
        parse_permissions((folder / path).read_text("utf-8"))
    except SettingsError as error:
        return error.faults
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is not text in UTF-8"
        return (f"PERMISSIONS: {folder / path} cannot be read: {why}.",)
    return ()
