"""What permissions cost those who do not set them: no module more, at the start or with a request."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

BASE = {"ES_ENDPOINT": "http://127.0.0.1:9", "ES_REGION": "us-east-1", "HOME_PATH": "/x", "SESSION_SECRET": "s" * 32}
READER = json.dumps({"roles": {"reader": {"read": ["logs-*"]}}, "default": ["reader"]})
PROGRAM = """
import sys
from access_es.wsgi import app
before = set(sys.modules)
accounts = app.extensions["access-es accounts"]
accounts.directory.add_user("ann", "a long enough password")
_, token = accounts.directory.add_token("ann", "x")
app.test_client().get("/logs-1/_search", headers={"Authorization": f"Bearer {token}"})
ours = ("access_es.permissions", "access_es.assumed_roles")
print(*[name for name in before if name.startswith(ours)])
print(*[name for name in sys.modules if name.startswith(ours)])
"""


@pytest.mark.parametrize("permissions", ["", READER])
def test_nothing_of_them_is_imported_where_they_are_not_set(permissions: str, tmp_path: Path) -> None:
    environment = {
        **os.environ, **BASE, "USERS": f"file:{tmp_path / 'users.db'}", "PERMISSIONS": permissions,
        "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "b",
    }  # fmt: skip
    done = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True)
    before, after = (set(line.split()) for line in done.stdout.split("\n")[-3:-1])
    if not permissions:
        assert (before, after) == (set(), set())
    else:
        assert "access_es.permissions.judge" in after - before and "access_es.assumed_roles" not in after
