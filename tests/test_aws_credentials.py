"""Where credentials come from."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from pathlib import Path

import pytest

from access_es.aws import AwsSession
from access_es.aws_credentials import BotoCredentials
from access_es.credentials import Credentials
from access_es.errors import NoCredentials

CONFIG = """
[profile work]
role_arn = arn:aws-cn:iam::123456789012:role/reader
source_profile = base
"""
KEYS = "[base]\naws_access_key_id = AKIDEXAMPLE\naws_secret_access_key = secret\n"
DENIED = b"<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error></ErrorResponse>"


@pytest.mark.parametrize("session", [None, AwsSession("work", "cn-north-1")], ids=["own", "shared"])
def test_a_profile_that_assumes_a_role_asks_the_sts_of_the_region(
    session: AwsSession | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That of the whole world knows nobody of China, and no VPC reaches it without the Internet."""
    asked: list[str] = []

    class Sts(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append(self.headers["Authorization"])
            self.send_response(403)
            self.end_headers()
            self.wfile.write(DENIED)

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "keys").write_text(KEYS)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_DEFAULT_REGION"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "keys"))
    monkeypatch.setenv("AWS_PROFILE", "work")
    with HTTPServer(("127.0.0.1", 0), Sts) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("AWS_ENDPOINT_URL_STS", f"http://127.0.0.1:{server.server_port}")
        with pytest.raises(NoCredentials):
            BotoCredentials("cn-north-1", session=session).current()
        server.shutdown()
    assert asked and all("/cn-north-1/sts/" in one for one in asked)


class Metadata:
    """An instance metadata service (IMDSv2): silent, or with credentials of a role."""

    def __init__(self) -> None:
        self.is_silent = True
        self.asked = 0
        self.lives_seconds = 3_600
        self._stop = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_PUT(self) -> None:
                outer.asked += 1
                self.reply(b"token")

            def do_GET(self) -> None:
                ends = datetime.now(UTC) + timedelta(seconds=outer.lives_seconds)
                facts = {
                    "Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": "ASIAEXAMPLE", "SecretAccessKey": "secret",
                    "Token": "token", "LastUpdated": "2026-01-01T00:00:00Z", "Expiration": f"{ends:%Y-%m-%dT%H:%M:%SZ}",
                }  # fmt: skip
                self.reply(b"role" if self.path.endswith("/") else json.dumps(facts).encode())

            def reply(self, body: bytes) -> None:
                if outer.is_silent:
                    outer._stop.wait(30)
                    return
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._stop.set()
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Metadata]:
    """This machine's only source of credentials."""
    served = Metadata()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", f"http://127.0.0.1:{served.server.server_port}")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "false")
    yield served
    served.close()


@pytest.mark.servers
def test_a_silent_metadata_service_is_asked_once_for_all_who_wait(metadata: Metadata) -> None:
    """Ten requests that wait for it fail together, not one after the other; those that follow fail at once."""
    clock = Clock()
    source = BotoCredentials("us-east-1", clock=clock)
    began = time.perf_counter()
    with ThreadPoolExecutor(10) as threads:
        waiting = [threads.submit(source.current) for _ in range(10)]
        assert all(isinstance(one.exception(), NoCredentials) for one in waiting)
    first_seconds = time.perf_counter() - began
    began = time.perf_counter()
    with pytest.raises(NoCredentials):
        source.current()
    assert metadata.asked == 1 and time.perf_counter() - began < 0.1 and first_seconds < 8
    metadata.is_silent, clock.now = False, 6.0
    assert source.current().access_key == "ASIAEXAMPLE"


@pytest.mark.servers
def test_credentials_that_are_still_valid_are_used_while_their_renewal_fails(metadata: Metadata) -> None:
    metadata.is_silent, metadata.lives_seconds = False, 60
    clock = Clock()
    source = BotoCredentials("us-east-1", clock=clock)
    assert source.current().token == "token"
    metadata.is_silent = True
    began = time.perf_counter()
    with ThreadPoolExecutor(10) as threads:
        found = [one.result() for one in [threads.submit(source.current) for _ in range(10)]]
    assert {one.access_key for one in found} == {"ASIAEXAMPLE"} and time.perf_counter() - began < 3


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.mark.parametrize("around", ["\r", "\n", " ", "\r\n", "\t"])
def test_blanks_and_line_ends_around_a_credential_are_dropped(around: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", f"AKIDEXAMPLE{around}")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", f"{around}secret")
    monkeypatch.setenv("AWS_SESSION_TOKEN", f"{around}token{around}")
    assert BotoCredentials("us-east-1").current() == Credentials("AKIDEXAMPLE", "secret", "token")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("AWS_ACCESS_KEY_ID", "AKID\rEXAMPLE", "access key contains '\\r' (U+000D"),
        ("AWS_ACCESS_KEY_ID", "AKID EXAMPLE", "access key contains ' ' (U+0020, SPACE)"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "sec\u2019ret",
            "secret key contains '\\u2019' (U+2019, RIGHT SINGLE QUOTATION MARK)",
        ),
        ("AWS_SESSION_TOKEN", "to\x7fken", "session token contains '\\x7f'"),
    ],
)
def test_a_character_that_no_credential_has_is_named_and_nothing_else_of_it(
    name: str, value: str, says: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    monkeypatch.setenv(name, value)
    with pytest.raises(NoCredentials) as refused:
        BotoCredentials("us-east-1").current()
    assert says in refused.value.detail and value not in refused.value.detail
