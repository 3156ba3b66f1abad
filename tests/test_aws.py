"""Where credentials come from."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from access_es.aws import AwsSession, BotoCredentials
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
