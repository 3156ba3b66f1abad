"""AWS credentials, and calls to AWS services other than the domain.

Nothing is imported, made or called before it is needed. The function uses botocore alone: boto3 around it brings
s3transfer and multiprocessing, which a start would wait for. The commands that provision and examine use boto3.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from access_es.errors import AwsFailure

# A small call within a region takes milliseconds. A person waits for it, and API Gateway hangs up after 29 seconds.
_CONNECT_SECONDS, _READ_SECONDS = 2, 3
_PART_SECONDS = 20  # for S3 to take a part of an answer
_ATTEMPTS = 3  # botocore repeats what was throttled, failed inside AWS or got no answer
_CONNECTIONS = 32
CREDENTIALS_FIX = "run aws configure or aws sso login, or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
_CHECK_REGION = "set aws_region to an existing region, such as us-east-1, and check the network connection to AWS"
_FIXES = {  # botocore's own reasons, and those of AWS that are the same for all services
    "ConnectTimeoutError": _CHECK_REGION,
    "EndpointConnectionError": _CHECK_REGION,
    "InvalidRegionError": _CHECK_REGION,
    "ProfileNotFound": "set profile_name to one that `aws configure list-profiles` shows, or remove it",
    "NoCredentialsError": CREDENTIALS_FIX,
    "PartialCredentialsError": CREDENTIALS_FIX,
    "SSOTokenLoadError": CREDENTIALS_FIX,
    "TokenRetrievalError": CREDENTIALS_FIX,
    "UnauthorizedSSOTokenError": CREDENTIALS_FIX,
    "ExpiredToken": CREDENTIALS_FIX,
    "ExpiredTokenException": CREDENTIALS_FIX,
    "InvalidClientTokenId": CREDENTIALS_FIX,
    "UnrecognizedClientException": CREDENTIALS_FIX,
}


def suggest_fix(reason: str) -> str:
    """What fixes a failed connection to AWS or missing credentials; "" for any other reason."""
    return _FIXES.get(reason, "")


class AwsSession:
    """botocore's session, opened when it is first needed: one for the credentials and all clients of a process.

    Opening one and reading AWS's list of addresses take as long as making a client does. `region` is the default for
    clients, and for the call to STS for a profile that assumes a role; None: that of the environment or the profile.
    """

    def __init__(self, profile: str | None = None, region: str | None = None) -> None:
        self.profile = profile
        self.region = region
        self._lock = threading.RLock()
        self._opened: Any = None

    def credentials(self) -> Any:
        """botocore's credentials of the usual chain, which renew themselves, or None."""
        with self._lock:
            return self.open().get_credentials()

    def make_client(self, service: str, region: str | None, config: Any = None) -> Any:
        """A low-level client, for any number of threads; making one is not for several (boto3 guide, "Session")."""
        with self._lock:
            return self.open().create_client(service, region_name=region or None, config=config)

    def open(self) -> Any:
        """botocore's session."""
        from botocore.session import Session

        if self._opened is None:
            self._opened = Session(profile=self.profile or None)
            if self.region:
                self._opened.set_config_variable("region", self.region)
        return self._opened


class AwsService:
    """Calls to one AWS service, all threads with one client, which is made at the first call."""

    def __init__(self, make_client: Callable[[], Any]) -> None:
        self._make_client = make_client
        self._lock = threading.Lock()
        self._client: Any = None

    def prepare(self) -> None:
        """Make the client before a call waits for it. What fails is left to that call, which reports it."""
        from botocore.exceptions import BotoCoreError

        with suppress(BotoCoreError):
            self._opened()

    def call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        """AWS's answer to an operation in its Python name, such as "get_item". Raises `AwsFailure`."""
        from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
        from botocore.parsers import ResponseParserError

        try:
            answer: dict[str, Any] = getattr(self._opened(), operation)(**parameters)
        except ClientError as refusal:
            error = refusal.response.get("Error", {})
            reason, message = error.get("Code", "Unknown"), error.get("Message", "no reason was given")
            raise AwsFailure(operation, reason, message, refusal.response) from refusal
        except ParamValidationError:
            # Its text shows the values that were to be sent, which may be secrets.
            raise AwsFailure(operation, "ParamValidationError", "the parameters of the call are not valid") from None
        except (BotoCoreError, ResponseParserError) as fault:  # the latter: a page of some proxy, not an answer of AWS
            raise AwsFailure(operation, type(fault).__name__, str(fault)) from fault
        return answer

    def _opened(self) -> Any:
        with self._lock:
            if self._client is None:
                self._client = self._make_client()
            return self._client


def make_client(
    name: str, region: str | None = None, session: AwsSession | None = None, *, read_seconds: float = _READ_SECONDS
) -> Any:
    """botocore's client for small calls. Without a region, it is the one of the environment or the profile."""
    from botocore.config import Config

    _keep_bodies_out_of_the_log()
    config = Config(
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=read_seconds,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        max_pool_connections=_CONNECTIONS,
    )
    return (session or AwsSession()).make_client(name, region, config)


def make_s3_client(region: str | None = None, session: AwsSession | None = None) -> Any:
    """botocore's S3 client for large objects and links to them.

    Links must lead to the region itself: the global address redirects, which no preflight and no signature survives
    (boto/boto3#421, #1982).
    """
    from botocore.config import Config

    _keep_bodies_out_of_the_log()
    config = Config(
        signature_version="s3v4",
        # Parts go over TLS, which finds every changed byte: another sum over them costs time alone.
        s3={"us_east_1_regional_endpoint": "regional", "payload_signing_enabled": False},
        connect_timeout=_CONNECT_SECONDS,
        read_timeout=_PART_SECONDS,
        retries={"mode": "standard", "total_max_attempts": _ATTEMPTS},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
    )
    return (session or AwsSession()).make_client("s3", region, config)


def load() -> None:
    """Import what the first signature needs, before the first request waits for it."""
    import botocore.session  # noqa: F401


def _keep_bodies_out_of_the_log() -> None:
    """At DEBUG, which is Zappa's default, botocore logs complete requests and answers."""
    log = logging.getLogger("botocore")
    if log.getEffectiveLevel() < logging.INFO:
        log.setLevel(logging.INFO)
