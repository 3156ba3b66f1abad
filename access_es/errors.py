"""All errors that access-es raises itself, as one tree. `delivery.error_response` renders them.

AccessEsError
├── SettingsError            the configuration cannot work; lists every fault
├── AddressUnusable          the address to serve on is taken, or not of this machine
├── BadRequest          400
├── NotSignedIn         401
│   ├── SessionEnded    401
│   └── WrongCredentials 401
│       └── TokenExpired 401  (sign_in/oidc/errors.py has those of single sign-on)
├── Forbidden           403
│   ├── FormExpired     403
│   └── PermissionDenied 403  (authorization.py) carries what it takes
├── NotFound            404
├── MethodNotAllowed    405
├── BodyTooLarge        413
├── TooManyFailures     429  carries how long to wait
├── InsufficientStorage 507
├── AnswerTooLarge      502
├── AnswerHeadTooLarge  502
├── OverflowFailed      502
│   └── OverflowTimeout 504
└── DomainError              the call to the domain did not give an answer
    ├── NoCredentials   502
    ├── DomainUnreachable 502
    ├── DomainDisconnected  502
    └── DomainTimeout   504
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self


class AccessEsError(Exception):
    """An error that the client sees.

    `status` is the HTTP status, `code` stable for programs, `layer` who refused (`access-es`, `iam`, `network`,
    `domain`), `title` the heading of its page, `message` the sentence the user reads. `detail` is for our log alone and
    never leaves the server. `is_temporary`: the same request may succeed a little later.
    """

    status: ClassVar[int] = 500
    code: ClassVar[str] = "internal_error"
    layer: ClassVar[str] = "access-es"
    title: ClassVar[str] = "Something went wrong"
    is_temporary: ClassVar[bool] = False
    user: str | None = None
    token: str | None = None
    message: str = "Something went wrong inside access-es. The log has the details under this request id."

    def __init__(self, message: str | None = None, *, detail: str = "") -> None:
        self.message = message or self.message
        self.detail = detail
        super().__init__(self.message)

    def about(self, user: str | None, token: str | None = None) -> Self:
        """The same, with the user and the token's label that a sign-in was for: where there are such, for the audit."""
        self.user, self.token = user, token
        return self

    @property
    def extra_headers(self) -> tuple[tuple[str, str], ...]:
        """Headers that belong to this refusal, beside the content type."""
        return ()

    @property
    def facts(self) -> Mapping[str, object]:
        """More facts for programs, beside the code and the sentence."""
        return {}


class SettingsError(AccessEsError):
    """The settings cannot work. `faults` has one sentence per fault, each beginning with the setting's name."""

    code = "settings"

    def __init__(self, faults: Sequence[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("The settings are not valid:\n" + "\n".join(f"  {fault}" for fault in self.faults))


class AddressUnusable(AccessEsError):
    """The server cannot listen at the address that was named."""

    code = "address_unusable"


class BadRequest(AccessEsError):
    status = 400
    code = "bad_request"
    title = "This request cannot be passed on"
    message = "This request cannot be forwarded to the domain."


class NotSignedIn(AccessEsError):
    """The request carries no credentials. A person is sent to the sign-in page; a program gets this error."""

    status = 401
    code = "not_signed_in"
    title = "Sign in first"
    message = "Sign in first, or send an API token as 'Authorization: Bearer <token>'."

    @property
    def extra_headers(self) -> tuple[tuple[str, str], ...]:
        # RFC 9110, 11.6.1: a 401 names a scheme. Programs are offered Basic, too, where the error is rendered.
        return (("WWW-Authenticate", 'Bearer realm="access-es"'),)


class SessionEnded(NotSignedIn):
    """The same, for a script of a page that was open when the session ended."""

    message = "Your session has ended. Reload this page to sign in."


class WrongCredentials(NotSignedIn):
    code = "wrong_credentials"
    title = "Signing in failed"
    message = "The user name, password or token is wrong."


class TokenExpired(WrongCredentials):
    """Said only to those who have the token itself."""

    code = "token_expired"
    title = "This API token has expired"
    message = "This API token has expired. Create a new one on the account page: /--access-es/account."


class Forbidden(AccessEsError):
    status = 403
    code = "forbidden"
    title = "This is not allowed"
    message = "This is not allowed."


class FormExpired(Forbidden):
    """A form that is not of the browser's current session."""

    message = "This page was open for too long, or the browser blocks cookies. Try again."


class NotFound(AccessEsError):
    status = 404
    code = "not_found"
    title = "There is nothing here"
    message = "There is no such page."


class MethodNotAllowed(AccessEsError):
    status = 405
    code = "method_not_allowed"
    title = "This page cannot be used that way"
    message = "This page does not accept this request method."


class BodyTooLarge(AccessEsError):
    status = 413
    code = "body_too_large"
    title = "This request is too large"
    message = "The request body is too large."


class TooManyFailures(AccessEsError):
    """Sign-in is slowed down. `retry_after_seconds` says how long to wait."""

    status = 429
    code = "too_many_failures"
    title = "Too many failed attempts"
    is_temporary = True

    def __init__(self, retry_after_seconds: int) -> None:
        self.retry_after_seconds = retry_after_seconds
        seconds = f"{retry_after_seconds} second{'' if retry_after_seconds == 1 else 's'}"
        super().__init__(f"Too many failed attempts. Try again in {seconds}.")

    @property
    def extra_headers(self) -> tuple[tuple[str, str], ...]:
        return (("Retry-After", str(self.retry_after_seconds)),)


class InsufficientStorage(AccessEsError):
    status = 507
    code = "no_space"
    title = "The server has no space left"
    message = "The server has no disk space left for this request body."


class AnswerTooLarge(AccessEsError):
    """The answer does not fit through the front door, not even compressed. `limit_bytes`: serialized."""

    status = 502
    code = "answer_too_large"
    title = "This answer is too large"

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(
            f"The domain's answer is too large for this gateway, which carries at most {limit_bytes:,} bytes, encoding "
            "included. Ask for less at a time, or send 'Accept-Encoding: gzip'."
        )


class AnswerHeadTooLarge(AccessEsError):
    """The headers of an answer are larger than access-es or the front door allows."""

    status = 502
    code = "answer_headers_too_large"
    title = "This answer is too large"

    def __init__(self, limit_bytes: int) -> None:
        self.limit_bytes = limit_bytes
        super().__init__(
            f"The headers of the domain's answer are too large: they may have at most {limit_bytes:,} bytes."
        )


class OverflowFailed(AccessEsError):
    """Storing a too-large answer failed."""

    status = 502
    code = "overflow_failed"
    layer = "overflow"
    title = "This answer is too large"
    message = "The domain's answer is too large for this gateway, and storing it for a download failed."


class OverflowTimeout(OverflowFailed):
    """Storing a too-large answer would have taken longer than the front door waits."""

    status = 504
    code = "overflow_timeout"
    message = "The domain's answer is too large for this gateway, and storing it takes longer than the gateway waits."


class AwsFailure(AccessEsError):
    """A call to an AWS service, other than the domain, did not succeed.

    `operation` is its name in Python, such as "get_item"; `reason` AWS's own name of the fault, or botocore's where
    nothing was answered; `aws_message` the sentence that came with it; `answer` all that AWS answered.
    """

    status = 503
    code = "aws_failure"
    title = "An AWS service does not answer"
    is_temporary = True
    message = "A call to an AWS service that access-es needs has failed."

    def __init__(self, operation: str, reason: str, aws_message: str, answer: Mapping[str, Any] | None = None) -> None:
        self.operation, self.reason, self.aws_message = operation, reason, aws_message
        self.answer: Mapping[str, Any] = answer or {}
        super().__init__(detail=f"{operation}: {reason}: {aws_message}")

    @property
    def was_repeated(self) -> bool:
        """Whether the call was sent more than once: an earlier one, whose answer got lost, may have succeeded."""
        return bool(self.answer.get("ResponseMetadata", {}).get("RetryAttempts"))


class DomainError(AccessEsError):
    """The domain gave no answer that could be passed on."""

    status = 502
    code = "domain_error"
    layer = "network"
    title = "The search domain does not answer"
    is_temporary = True
    message = "The domain gave no usable answer."


class NoCredentials(DomainError):
    code = "no_credentials"
    layer = "iam"
    title = "The search domain cannot be asked"
    message = "access-es has no AWS credentials to sign the request with."


class DomainUnreachable(DomainError):
    code = "domain_unreachable"
    title = "The search domain cannot be reached"
    message = "The domain could not be reached. Nothing was sent to it."


class DomainDisconnected(DomainError):
    code = "domain_broke_off"
    title = "The search domain closed the connection"
    message = (
        "The domain closed the connection before its answer was complete. Whether it carried out the request is not "
        "known."
    )


class DomainTimeout(DomainError):
    status = 504
    code = "domain_timeout"
    title = "The search domain takes too long"
    message = "The domain did not answer in time. Whether it carried out the request is not known."
