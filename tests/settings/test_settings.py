"""Settings: read from one place, faults told all at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from access_es.errors import SettingsError
from access_es.settings.file import load_stage
from access_es.settings.read import read_settings
from access_es.settings.stage import Stage, read_stage

GOOD = {
    "ES_ENDPOINT": "search-logs-abc.eu-west-1.es.amazonaws.com",
    "SESSION_SECRET": "s" * 32,
    "USERS": "file:/tmp/users.db",
}


def faults(**changes: str) -> tuple[str, ...]:
    with pytest.raises(SettingsError) as refused:
        read_settings({**GOOD, **changes})
    return refused.value.faults


def test_the_address_tells_region_and_service() -> None:
    settings = read_settings(GOOD)
    assert (settings.endpoint.url, settings.region, settings.service) == (
        "https://search-logs-abc.eu-west-1.es.amazonaws.com",
        "eu-west-1",
        "es",
    )


def test_explicit_values_win_over_the_address() -> None:
    settings = read_settings({**GOOD, "ES_REGION": "us-east-2", "ES_SERVICE": "aoss"})
    assert (settings.region, settings.service) == ("us-east-2", "aoss")


def test_every_fault_is_reported_at_once_by_name() -> None:
    told = faults(
        ES_ENDPOINT="ftp://x", ES_SIGN="maybe", SESSION_HOURS="-1", USERS="mysql:x", HOME_PATH="//evil", FRONT_DOOR="cgi",
        OVERFLOW_URL_SECONDS="soon", ES_ROLE_ARN="role", SESSION_SECRET="short",
    )  # fmt: skip
    assert {fault.split(":")[0] for fault in told} == {
        "ES_ENDPOINT", "ES_SIGN", "SESSION_HOURS", "USERS", "HOME_PATH", "FRONT_DOOR", "OVERFLOW_URL_SECONDS", "ES_ROLE_ARN",
        "SESSION_SECRET",
    }  # fmt: skip


def test_what_is_missing_is_named_with_what_it_is_for() -> None:
    with pytest.raises(SettingsError) as refused:
        read_settings({})
    assert [fault.split()[0] for fault in refused.value.faults] == ["ES_ENDPOINT", "SESSION_SECRET", "USERS"]


def test_a_custom_address_needs_a_region_unless_nothing_is_signed() -> None:
    assert faults(ES_ENDPOINT="https://es.example.com") == (
        "ES_REGION is missing: the address es.example.com does not contain the region.",
    )
    assert not read_settings({**GOOD, "ES_ENDPOINT": "http://127.0.0.1:9200", "ES_SIGN": "false"}).sign


def test_secrets_can_be_rotated_and_never_show() -> None:
    settings = read_settings({**GOOD, "SESSION_SECRET": f"{'n' * 40}, {'o' * 40}"})
    assert settings.session_secrets == ("n" * 40, "o" * 40)
    assert "nnn" not in repr(settings) and "nnn" not in str(faults(SESSION_SECRET="nnn"))


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"SESSION_SECRET": ",,"}, "SESSION_SECRET: each secret needs 32 characters"),
        (
            {"OVERFLOW_BUCKET": "my.bucket"},
            "OVERFLOW_BUCKET: 'my.bucket' is not the name of an S3 bucket: 3 to 63 of a-z, 0-9 and -",
        ),
        ({"OVERFLOW_URL_SECONDS": "604801"}, "OVERFLOW_URL_SECONDS: '604801' must be 604,800 or less"),
        ({"FRONT_DOOR": "rest:0"}, "FRONT_DOOR: 'rest:0' is not one of"),
    ],
)
def test_a_value_that_would_fail_later_is_refused_now(changes: dict[str, str], part: str) -> None:
    (fault,) = faults(**changes)
    assert fault.startswith(part)


def write(folder: Path, stages: object) -> Path:
    file = folder / "zappa_settings.json"
    file.write_text(stages if isinstance(stages, str) else json.dumps(stages))
    return file


def test_a_stage_extends_another_as_zappa_has_it(tmp_path: Path) -> None:
    """A stage's environment_variables replace those of the one it extends, whole: zappa.cli, stage_config."""
    file = write(
        tmp_path,
        {
            "base": {"environment_variables": {"ES_REGION": "us-east-1", "USERS": "file:a"}},
            "dev": {"extends": "base"},
            "prod": {"extends": "dev", "environment_variables": {"ES_REGION": "eu-west-1"}},
        },
    )
    assert load_stage(file, "dev") == {"ES_REGION": "us-east-1", "USERS": "file:a"}
    assert load_stage(file, "prod") == {"ES_REGION": "eu-west-1"}


def test_a_stage_tells_where_zappa_deploys_it(tmp_path: Path) -> None:
    file = write(tmp_path, {"dev": {"aws_region": "eu-central-1"}, "prod": {"extends": "dev", "profile_name": "ops"}})
    assert read_stage(file, "prod", {}) == Stage("prod", {}, tmp_path / ".access-es", "eu-central-1", "ops", tmp_path)
    assert read_stage(file, "dev", {}).profile is None


def test_origins_are_exact() -> None:
    text = "https://tools.example.com, http://localhost:3000,http://[::1]:80, chrome-extension://hkedbapjpblbodpgbajblpnlpenaebaa"
    assert read_settings({**GOOD, "CORS_ORIGINS": text}).cors_origins == tuple(part.strip() for part in text.split(","))


@pytest.mark.parametrize(
    "origin",
    [
        "*",
        "https://*.example.com",
        "https://tools.example.com/",
        "null",
        "tools.example.com",
        "https://Tools.example.com",
    ],
)
def test_what_no_browser_sends_as_an_origin_is_refused(origin: str) -> None:
    with pytest.raises(SettingsError, match="is not an exact origin, such as https"):
        read_settings({**GOOD, "CORS_ORIGINS": f"https://a.example, {origin}"})


@pytest.mark.parametrize("users", ["dynamodb:accounts", "dynamodb:a.b_C-1", "file:/var/users.db"])
def test_accounts_are_kept_in_a_table_or_a_file(users: str) -> None:
    assert read_settings({**GOOD, "USERS": users}).users == users


@pytest.mark.parametrize("users", ["dynamodb:", "dynamodb:ab", "dynamodb:a b c", "dynamodb:table/x", "s3:bucket"])
def test_what_cannot_be_a_table_is_refused(users: str) -> None:
    with pytest.raises(SettingsError, match=r"USERS: .* is not dynamodb:<table> or file:<path>"):
        read_settings({**GOOD, "USERS": users})


@pytest.mark.parametrize(
    ("stages", "part"),
    [
        ("{oops", "cannot be read as JSON"),
        ({"prod": {}}, "has no stage 'dev'; it has: prod"),
        ([], "has no stage 'dev'; it has: none"),
        ({"dev": {"extends": "dev"}}, "extends itself"),
        ({"dev": {"extends": "gone"}}, "has no stage 'gone'"),
        ({"dev": {"environment_variables": ["x"]}}, "must be an object"),
        ({"dev": {"environment_variables": {"SESSION_HOURS": 12}}}, "SESSION_HOURS: must be text in quotes"),
        ({"dev": {"environment_variables": {"ES_ENDPIONT": "x"}}}, "did you mean ES_ENDPOINT?"),
        ({"dev": {"timeout_seconds": "900"}}, "timeout_seconds: must be a whole number."),
        ({"dev": {"aws_region": 5}}, "aws_region: must be text in quotes."),
        ({"dev": {"debug": "false"}}, "debug: must be true or false."),
        ({"dev": {"vpc_config": ["subnet-1"]}}, "vpc_config: must be an object"),
        ({"dev": {"endpoint_configuration": "REGIONAL"}}, "endpoint_configuration: must be a list"),
    ],
)
def test_a_settings_file_that_cannot_work_says_why(tmp_path: Path, stages: object, part: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load_stage(write(tmp_path, stages), "dev")
    assert part in str(refused.value)


def test_a_missing_settings_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="does not exist"):
        load_stage(tmp_path / "none.json", "dev")


def test_a_fault_has_no_second_one_in_its_wake() -> None:
    """The region follows from the address: without an address, or with a wrong region, nothing more is missing."""
    assert [fault.split(":")[0] for fault in faults(ES_ENDPOINT="ftp://x")] == ["ES_ENDPOINT"]
    assert [fault.split(":")[0] for fault in faults(ES_ENDPOINT="https://x.org", ES_REGION="no")] == ["ES_REGION"]


def test_faults_come_in_the_order_of_the_table() -> None:
    told = faults(CONFIG="x", ES_ENDPOINT="https://x.org", SESSION_HOURS="0", FRONT_DOOR="x", ES_SIGN="x", USERS="")
    named = [fault.split()[0].rstrip(":") for fault in told]
    assert named == ["ES_SIGN", "SESSION_HOURS", "USERS", "FRONT_DOOR", "CONFIG"]
