"""The doctor's report as people read it."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from access_es.doctor import command
from access_es.provision.finding import Finding, fault, good, warning

ARGS = argparse.Namespace(door=None, settings="zappa_settings.json", stage="dev", json=False)


def report(monkeypatch: pytest.MonkeyPatch, *found: Finding) -> int:
    def examine(file: Path, stage: str, environ: Mapping[str, str]) -> Iterator[Finding]:
        yield from found

    monkeypatch.setattr(command, "examine", examine)
    return command.doctor(ARGS, {})


def test_a_fix_of_several_findings_is_printed_once_below_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    status = report(
        monkeypatch,
        good("settings", "complete"),
        fault("resources", "no table", "provision"),
        fault("resources", "no bucket", "provision"),
        warning("resources", "no role yet", "deploy"),
        good("domain", "answers"),
    )
    assert status == 1
    assert capsys.readouterr().out.splitlines() == [
        "ok  settings     complete",
        "!!  resources    no table",
        "!!  resources    no bucket",
        "                 fix: provision",
        "!   resources    no role yet",
        "                 fix: deploy",
        "ok  domain       answers",
    ]


def test_the_last_fix_is_printed_and_warnings_alone_are_good(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert report(monkeypatch, warning("zappa", "debug", "false")) == 0
    assert capsys.readouterr().out.endswith("fix: false\n")
