"""S3, DynamoDB, IAM, CloudFormation and the rest of AWS on this machine, for as long as a `with` block lasts."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from access_es.demo.cloud import aws_server
from access_es.demo.credentials import Credential
from access_es.demo.processes import CLEAN_ENVIRONMENT, Children

ROOT = Path(__file__).parent.parent.parent.parent
START_SECONDS = 60.0
# moto lets pages of any origin read every bucket, unless told to ask for the bucket's own rules as S3 does.
_MOTO = {"MOTO_ACCOUNT_ID": "123456789012", "MOTO_DISABLE_GLOBAL_CORS": "true"}


@dataclass(frozen=True, slots=True)
class AwsEndpoints:
    """`environment` makes boto3, and so Zappa and the function, find it."""

    url: str
    region: str
    credential: Credential = field(repr=False)

    @property
    def environment(self) -> Mapping[str, str]:
        token = self.credential.session_token
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": self.credential.access_key,
            "AWS_SECRET_ACCESS_KEY": self.credential.secret_key,
            **({"AWS_SESSION_TOKEN": token} if token else {}),
            "AWS_DEFAULT_REGION": self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
        }

    def client(self, service: str) -> Any:
        """A boto3 client."""
        import boto3

        return boto3.client(
            service,
            region_name=self.region,
            endpoint_url=self.url,
            aws_access_key_id=self.credential.access_key,
            aws_secret_access_key=self.credential.secret_key,
            aws_session_token=self.credential.session_token,
        )


@contextmanager
def running_aws(folder: Path, credential: Credential, invoke_port: int, region: str) -> Iterator[AwsEndpoints]:
    """`invoke_port` is where our Invoke API listens. Everything it held is gone at the end."""
    port_file = folder / "aws-port"
    port_file.unlink(missing_ok=True)
    with Children() as children:
        child = children.start(
            "AWS",
            [sys.executable, "-m", aws_server.__name__, str(port_file), str(invoke_port)],
            folder=ROOT,
            log=folder / "aws.log",
            environment={**CLEAN_ENVIRONMENT, **_MOTO, "TMPDIR": str(folder)},
        )
        child.wait_until(port_file.exists, START_SECONDS)
        yield AwsEndpoints(f"http://{aws_server.HOST}:{port_file.read_text(encoding='ascii')}", region, credential)
