"""Who does not stream pays nothing for it when the function starts."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.lambda_process import environment_of

# Both the start and a request, with AWS_LAMBDA_FUNCTION_NAME as in Lambda, where the app is loaded at once.
START = """
import sys
from access_es import lambda_handler
event = {"requestContext": {"path": "/--access-es/health", "stage": "dev"}, "httpMethod": "GET",
         "path": "/--access-es/health", "resource": "/{proxy+}", "headers": {}}
assert lambda_handler.lambda_handler(event, None)["statusCode"] == 200
names = ("access_es.streaming", "access_es.door_probe", "access_es.delivery.stream", "access_es.delivery.prelude")
print("loaded:", *sorted(name for name in sys.modules if name.startswith(names)))
"""


@pytest.mark.parametrize("streaming", [False, True])
def test_nothing_is_loaded_where_it_is_not_wanted(tmp_path: Path, streaming: bool) -> None:
    wanted = {"STREAMING": "true"} if streaming else {}
    environment = environment_of(tmp_path, "https://a.us-east-1.es.amazonaws.com", **wanted)
    environment |= {"AWS_LAMBDA_FUNCTION_NAME": "access-es-dev", "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9"}
    done = subprocess.run(
        [sys.executable, "-c", START], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=60
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("loaded:"))
    assert ("access_es.streaming.runtime_override" in line) if streaming else line == "loaded:", done.stderr
