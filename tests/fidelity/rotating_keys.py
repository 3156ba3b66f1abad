"""AWS credentials that change under load, as a role's do: a `credential_process` whose answer is replaced."""

from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from access_es.demo.credentials import Credential
from access_es.demo.running_gateway import RunningGateway

ROTATION_SECONDS = 1.2
# botocore renews 15 minutes before the end: these are renewed soon after each rotation.
LIFE_SECONDS = 15 * 60 + 1.0
# Every so many rotations the domain also stops knowing the old keys, before access-es would have renewed them.
# They are further apart than the pause that access-es keeps between two questions to its source.
INVALIDATE_EVERY = 5


class RotatingKeys:
    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self._answer = folder / "credentials.json"
        self._config = folder / "config"
        self._config.write_text(f"[default]\ncredential_process = cat {self._answer}\n")
        self._stop = threading.Event()
        self.made = [self._make()]
        self.write(self.made[0])

    @property
    def environment(self) -> dict[str, str]:
        return {
            "AWS_CONFIG_FILE": str(self._config), "AWS_SHARED_CREDENTIALS_FILE": "none",
            "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "",
        }  # fmt: skip

    def _make(self) -> Credential:
        number = len(self.made) if hasattr(self, "made") else 0
        return Credential(f"AKIAROTATED{number:05}", f"secret/{number}+x", f"token/{number}+==" * 20)

    def write(self, credential: Credential) -> None:
        until = datetime.now(UTC) + timedelta(seconds=LIFE_SECONDS)
        partial = self._answer.with_suffix(".partial")
        partial.write_text(json.dumps({
            "Version": 1, "AccessKeyId": credential.access_key, "SecretAccessKey": credential.secret_key,
            "SessionToken": credential.session_token, "Expiration": until.isoformat(),
        }))  # fmt: skip
        partial.rename(self._answer)

    def keep_rotating(self, gateway: RunningGateway) -> None:
        """Until `stop`: the domain learns new keys, then access-es may, and now and then the old ones end at once."""
        while not self._stop.wait(ROTATION_SECONDS):
            new = self._make()
            known = [credential.access_key for credential in self.made]
            gateway.rotate(new, keep=known if len(self.made) % INVALIDATE_EVERY else known[-1:])
            self.made.append(new)
            self.write(new)
            if len(self.made) % INVALIDATE_EVERY == 0:
                self._stop.wait(ROTATION_SECONDS / 4)
                gateway.rotate(new)

    def stop(self) -> None:
        self._stop.set()
