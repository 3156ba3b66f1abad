"""Permissions that change without a new start."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest

from access_es.errors import AwsFailure, SettingsError
from access_es.live_permissions import LivePermissions, open_permissions
from access_es.permissions.form import parse_permissions
from access_es.settings.names import Settings
from access_es.settings.read import read_settings

ANALYST = {"roles": {"analyst": {"read": ["logs-*"]}}, "default": ["analyst"]}
CLOSED: dict[str, object] = {}


class Clock:
    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def settings(**values: str) -> Settings:
    needed = {"ES_ENDPOINT": "http://127.0.0.1:9200", "ES_SIGN": "false", "SESSION_SECRET": "s" * 32, "USERS": "file:x"}
    return read_settings({**needed, **values})


def names(live: LivePermissions) -> list[str] | None:
    found = live.current()
    return None if found is None else sorted(found.roles)


def test_without_the_setting_everybody_may_do_everything() -> None:
    assert open_permissions(settings()).current() is None


def test_an_empty_object_is_a_setting() -> None:
    found = open_permissions(settings(PERMISSIONS="{}")).current()
    assert found is not None and found.roles_of(["ops"]) == ()


def test_every_fault_is_told_with_those_of_other_settings() -> None:
    text = json.dumps({"roles": {"a": {"read": "logs-*", "dashboards": "all"}}, "default": ["b"]})
    with pytest.raises(SettingsError) as refused:
        settings(PERMISSIONS=text, ES_CONNECT_SECONDS="soon")
    told = refused.value.faults
    assert len(told) == 4 and told[0].startswith("ES_CONNECT_SECONDS")
    assert [one.split(":")[0] for one in told[1:]] == [
        "PERMISSIONS.roles.a.read", "PERMISSIONS.roles.a.dashboards", "PERMISSIONS.default[0]",
    ]  # fmt: skip


def test_a_file_is_read_again_when_it_changed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    file = tmp_path / "permissions.json"
    file.write_text(json.dumps(CLOSED))
    clock = Clock()
    live = open_permissions(settings(PERMISSIONS="file:permissions.json"), folder=tmp_path)
    live._clock, live._due = clock, clock.now + 60
    file.write_text(json.dumps(ANALYST))
    assert names(live) == []  # not before the recheck time
    clock.now += 60
    assert names(live) == ["analyst"]
    with caplog.at_level(logging.ERROR):
        file.write_text('{"roles": {"x": 1}}')
        clock.now += 60
        assert names(live) == ["analyst"]
        file.unlink()
        clock.now += 60
        assert names(live) == ["analyst"]
    assert "PERMISSIONS.roles.x" in caplog.text and "cannot be read" in caplog.text


@pytest.mark.parametrize("content", [None, b"\xff\xff"])
def test_a_file_that_cannot_be_read_at_the_start_is_a_fault(content: bytes | None, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / "none.json").write_bytes(content)
    with pytest.raises(SettingsError, match=r"PERMISSIONS: .*none\.json cannot be read"):
        open_permissions(settings(PERMISSIONS="file:none.json"), folder=tmp_path)


def test_a_change_in_config_acts_within_the_recheck_time(caplog: pytest.LogCaptureFixture) -> None:
    place = {"text": json.dumps({"PERMISSIONS": CLOSED})}
    clock, asked = Clock(), []

    def fetch(where: str) -> str:
        asked.append(where)
        if not place["text"]:
            raise AwsFailure("get_object", "ServiceUnavailable", "slow down")
        return place["text"]

    live = open_permissions(settings(PERMISSIONS=json.dumps(CLOSED), CONFIG="ssm:/access-es/dev"), fetch)
    live._clock, live._due = clock, clock.now + 60
    assert names(live) == [] and not asked
    place["text"] = json.dumps({"PERMISSIONS": ANALYST, "ES_SIGN": "false"})
    clock.now += 60
    assert names(live) == ["analyst"] and asked == ["ssm:/access-es/dev"]
    assert names(live) == ["analyst"] and len(asked) == 1
    for text in ("", "{}", "[]"):  # AWS does not answer; the setting is gone; no object
        place["text"] = text
        clock.now += 60
        assert names(live) == ["analyst"]
    assert "not there any more" in caplog.text


def test_one_request_reads_it_again_and_the_others_go_on() -> None:
    clock = Clock()
    seen: list[list[str] | None] = []

    def read() -> str:
        seen.append(names(live))  # as another request would in the meantime
        return json.dumps(ANALYST)

    live = LivePermissions(parse_permissions(CLOSED), read, 60, clock)
    clock.now += 61
    assert names(live) == ["analyst"] and seen == [[]]
