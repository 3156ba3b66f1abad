"""The permissions as they are now: read again where they can change without a new start."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from access_es.errors import AccessEsError, SettingsError
from access_es.settings.names import Settings
from access_es.settings.remote import Fetch, read_config
from access_es.settings.stage import Stage, fetching

if TYPE_CHECKING:
    from access_es.permissions.roles import Permissions

_FILE = "file:"
log = logging.getLogger("access_es.permissions")


class LivePermissions:
    """`current()` is what counts now; None: everybody may do everything.

    `read` gives the text of the setting anew, or None where it stands in a place that does not change. It is called at
    most every `recheck_seconds`, by one thread, while the others go on with what is known. What cannot be read, or has
    a fault, changes nothing and is logged: nobody gets more, or loses all, by a typing error.
    """

    def __init__(
        self,
        permissions: Permissions | None,
        read: Callable[[], str | None] | None = None,
        recheck_seconds: float = 60.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._permissions = permissions
        self._read = read
        self._text: str | None = None
        self._recheck_seconds = recheck_seconds
        self._clock = clock
        self._due = clock() + recheck_seconds
        self._lock = threading.Lock()

    def current(self) -> Permissions | None:
        if self._read is not None and self._clock() >= self._due and self._lock.acquire(blocking=False):
            try:
                self._refresh(self._read)
                self._due = self._clock() + self._recheck_seconds
            finally:
                self._lock.release()
        return self._permissions

    def _refresh(self, read: Callable[[], str | None]) -> None:
        from access_es.permissions.form import parse_permissions

        try:
            text = read()
            if text is None:
                log.warning("PERMISSIONS is not there any more. What it said last counts until the next start.")
            elif text != self._text:
                self._permissions, self._text = parse_permissions(text), text
                log.info("PERMISSIONS was read again.")
        except SettingsError as error:
            log.error("PERMISSIONS has faults; what it said before still counts. %s", " ".join(error.faults))
        except (AccessEsError, OSError, ValueError) as fault:
            log.error("PERMISSIONS cannot be read; what it said before still counts. %s", fault)


def open_permissions(settings: Settings, fetch: Fetch | None = None, folder: Path = Path()) -> LivePermissions:
    """The permissions of these settings. Raises SettingsError where they cannot be read at the start.

    `fetch` reads CONFIG, where PERMISSIONS comes from there. A file's path is relative to `folder`.
    """
    found, seconds = settings.permissions, settings.session_recheck_seconds
    if isinstance(found, str):
        path = folder / found.removeprefix(_FILE)
        return LivePermissions(_parse_file(path), lambda: path.read_text("utf-8"), seconds)
    if found is None or fetch is None or settings.config is None:
        return LivePermissions(found)
    place = settings.config
    return LivePermissions(found, lambda: read_config(fetch(place))[0].get("PERMISSIONS"), seconds)


def open_stage_permissions(stage: Stage, settings: Settings) -> LivePermissions:
    """The permissions of a stage that runs here. Raises SettingsError where a file of them cannot be read."""
    fetch = fetching(stage.region, stage.profile) if stage.has_live_permissions else None
    return open_permissions(settings, fetch, stage.folder)


def _parse_file(path: Path) -> Permissions:
    from access_es.permissions.form import parse_permissions

    try:
        return parse_permissions(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as fault:
        why = fault.strerror if isinstance(fault, OSError) else "it is not text in UTF-8"
        raise SettingsError([f"PERMISSIONS: {path} cannot be read: {why}."]) from fault
