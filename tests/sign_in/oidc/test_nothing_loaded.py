"""What single sign-on costs those who do not use it, and those who are signed in already: no module more."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BASE = {"ES_ENDPOINT": "http://127.0.0.1:9", "ES_SIGN": "false", "HOME_PATH": "/x", "SESSION_SECRET": "s" * 32}
SIGN_ON = {"OIDC_ISSUER": "https://id.example", "OIDC_CLIENT_ID": "a", "OIDC_ALLOW": "everyone"}
MACHINES = {
    "OIDC_MACHINES": json.dumps(
        [{"name": "a", "issuer": "https://id.example", "audience": "b", "claims": {"sub": "c"}}]
    )
}
PROGRAM = """
import sys
from access_es.wsgi import app
app.test_client().get("/--access-es/health")
print(*[name for name in sys.modules if name.split(".")[0] in ("jwt", "cryptography") or ".oidc" in name])
"""


@pytest.mark.parametrize(
    ("settings", "heavy", "ours"), [({}, False, False), (SIGN_ON, False, True), (MACHINES, False, True)]
)
def test_the_library_is_loaded_by_those_requests_alone_that_verify_a_token(
    settings: dict[str, str], heavy: bool, ours: bool, tmp_path: Path
) -> None:
    environment = {**os.environ, **BASE, **settings, "USERS": f"file:{tmp_path / 'users.db'}"}
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    loaded = done.stdout.split("\n")[-2].split()
    assert any(name.split(".")[0] in ("jwt", "cryptography") for name in loaded) is heavy
    assert any(".oidc" in name for name in loaded) is ours
