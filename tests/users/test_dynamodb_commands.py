"""The commands `users` and `tokens` on a stage in the cloud, and a running access-es that sees what they do."""

from __future__ import annotations

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from access_es.aws import AwsService, make_client
from access_es.demo.running_gateway import RunningGateway
from access_es.users.dynamodb_schema import CHANGE_LOG, table_definition
from tests.fidelity.sessions import LOGIN, sign_in
from tests.moto_server import moto_environment
from tests.running_proxy import PASSWORD, RunningProxy, run_command, running_proxy
from tests.storage.dynamodb_tables import Counted

pytestmark = pytest.mark.heavy
RECHECK_SECONDS = 2
SECRET = "a secret that all processes of these tests share"
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def stage(accounts_table: str, moto_url: str, tmp_path: Path) -> Iterator[tuple[Path, dict[str, str]]]:
    """A settings file with the stage dev, which lies in Frankfurt, and an environment without a region."""
    variables = {"USERS": f"dynamodb:{accounts_table}", "SESSION_SECRET": SECRET}
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({
        "cloud": {"aws_region": "eu-central-1", "environment_variables": variables},
        "dev": {"extends": "cloud"},
        "elsewhere": {"extends": "cloud", "environment_variables": {**variables, "ES_REGION": "eu-west-1"}},
    }))  # fmt: skip
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    environment.update(moto_environment(moto_url))
    del environment["AWS_DEFAULT_REGION"]
    yield file, environment


@pytest.fixture
def run(stage: tuple[Path, dict[str, str]]) -> Run:
    def run(name: str, *words: str, given: str = "") -> subprocess.CompletedProcess[str]:
        file, environment = stage
        return run_command(environment, "--settings", str(file), "--stage", name, *words, given=given)

    return run


@pytest.fixture
def in_frankfurt(dynamodb: Counted, accounts_table: str) -> Iterator[AwsService]:
    """The table of the stage dev; its namesake in another region stays empty."""
    service = AwsService(lambda: make_client("dynamodb", "eu-central-1"))
    for operation, parameters in table_definition(accounts_table).items():
        service.call(operation, **parameters)
    yield service


def test_users_and_tokens_are_kept_in_the_region_of_the_stage(
    run: Run, in_frankfurt: AwsService, accounts_table: str
) -> None:
    assert run("dev", "users", "add", "ann", "--password-stdin", given=PASSWORD).returncode == 0
    assert run("dev", "users", "add", "bob", "--password-stdin", given=PASSWORD).returncode == 0
    assert [user["name"] for user in json.loads(run("dev", "users", "list", "--json").stdout)] == ["ann", "bob"]
    again = run("dev", "users", "add", "ann", "--password-stdin", given=PASSWORD)
    assert (again.returncode, again.stderr) == (1, "There is a user 'ann' already.\n")

    token = run("dev", "tokens", "add", "ann", "ci", "--days", "7")
    assert token.stdout.startswith("aes_") and token.stdout.count("\n") == 1
    assert [kept["label"] for kept in json.loads(run("dev", "tokens", "list", "ann", "--json").stdout)] == ["ci"]
    assert run("dev", "tokens", "revoke", "ann", "ci").returncode == 0

    assert run("dev", "users", "disable", "bob").returncode == 0
    assert json.loads(run("dev", "users", "list", "--json").stdout)[1]["disabled"] is True
    assert run("dev", "users", "remove", "bob", "--yes").returncode == 0
    kept = [(item["pk"]["S"], item["sk"]["S"]) for item in in_frankfurt.call("scan", TableName=accounts_table)["Items"]]
    assert [key for key in kept if key[0] != CHANGE_LOG] == [("user", "ann")]


def test_the_region_of_the_settings_comes_first(run: Run) -> None:
    refused = run("elsewhere", "users", "list")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "it does not exist in this region; run: python -m access_es provision" in refused.stderr
    assert refused.stderr.count("\n") == 1


@pytest.fixture
def proxies(
    dynamodb: Counted, accounts_table: str, moto_url: str, gateway: RunningGateway, tmp_path: Path
) -> Iterator[tuple[RunningProxy, RunningProxy]]:
    """Two access-es in front of one domain, as two sandboxes of a Lambda function are; both know alice and bob."""
    settings = {
        **moto_environment(moto_url),
        "USERS": f"dynamodb:{accounts_table}",
        "SESSION_SECRET": SECRET,
        "SESSION_RECHECK_SECONDS": str(RECHECK_SECONDS),
    }
    with ExitStack() as running:
        yield (
            running.enter_context(
                running_proxy(gateway.url, folder(tmp_path, "a"), users=("alice", "bob"), workers=1, **settings)
            ),
            running.enter_context(running_proxy(gateway.url, folder(tmp_path, "b"), users=(), workers=1, **settings)),
        )


def folder(parent: Path, name: str) -> Path:
    made = parent / name
    made.mkdir()
    return made


def status(proxy: RunningProxy, headers: dict[str, str]) -> int:
    return proxy.ask("GET", "/_demo/echo", headers).status


def test_changes_apply_in_all_processes(proxies: tuple[RunningProxy, RunningProxy]) -> None:
    here, there = proxies
    alice, bob = ({"Authorization": f"Bearer {here.tokens[user]}"} for user in ("alice", "bob"))
    session = {"Cookie": sign_in(here, "alice")}
    for proxy in proxies:
        assert [status(proxy, headers) for headers in (alice, bob, session)] == [200, 200, 200]

    sign_out(here, session)
    assert status(here, session) == 401
    assert here.command("users", "disable", "bob").returncode == 0
    assert here.command("tokens", "revoke", "alice", "tests").returncode == 0
    time.sleep(RECHECK_SECONDS)
    for proxy in proxies:
        assert [status(proxy, headers) for headers in (alice, bob, session)] == [401, 401, 401]
    assert status(there, {"Cookie": sign_in(there, "alice")}) == 200
    for proxy in proxies:
        said = proxy.log.read_text()
        assert not [token for token in here.tokens.values() if token in said]
        assert "Traceback" not in said and "scrypt" not in said


def sign_out(proxy: RunningProxy, session: dict[str, str]) -> None:
    page = proxy.ask("GET", "/--access-es/account", {**session, "Accept": "text/html"})
    field = page.body.partition(b'name="anti_forgery" value="')[2].partition(b'"')[0]
    headers = {**session, "Content-Type": "application/x-www-form-urlencoded", "Origin": proxy.url}
    assert proxy.ask("POST", "/--access-es/logout", headers, b"anti_forgery=" + field).status == 303


def test_a_missing_table_admits_nobody_and_is_logged(
    dynamodb: Counted, moto_url: str, gateway: RunningGateway, tmp_path: Path
) -> None:
    settings = {**moto_environment(moto_url), "USERS": "dynamodb:no-such-table", "SESSION_SECRET": SECRET}
    with running_proxy(gateway.url, tmp_path, users=(), workers=1, **settings) as proxy:
        token = {"Authorization": "Bearer aes_0123456789ab_" + "x" * 40}
        refused = proxy.ask("GET", "/_demo/echo", token)
        assert (refused.status, refused.json()["error"]["code"]) == (503, "accounts_unavailable")
        form = proxy.ask("GET", LOGIN, {"Accept": "text/html"})
        assert form.status == 200
        page = proxy.ask("GET", "/--access-es/account", {**token, "Accept": "text/html"})
        assert page.status == 503
        assert b"no-such-table" not in refused.body + page.body
        assert proxy.log.read_text().count("'no-such-table' cannot be used: it does not exist in this region") == 2
