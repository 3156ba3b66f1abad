"""Explains a failed DynamoDB call, and what fixes it."""

from __future__ import annotations

import re

from access_es.errors import AwsFailure
from access_es.program import program
from access_es.storage.errors import StoreUnusable

# What passes by itself: codes of calls, and of the parts of a cancelled transaction. botocore has repeated the former
# by the time we hear of them (DynamoDB Developer Guide, "Error handling"; API reference, "TransactWriteItems").
BUSY = {
    "InternalServerError",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RequestLimitExceeded",
    "ThrottlingError",
    "ThrottlingException",
    "TransactionConflict",
    "TransactionConflictException",
    "TransactionInProgressException",
}


class StoreBusy(StoreUnusable):
    """DynamoDB throttles us for the moment."""

    code = "accounts_busy"
    message = "The user accounts are overloaded at the moment. Try again in a few seconds."

    @property
    def extra_headers(self) -> tuple[tuple[str, str], ...]:
        return (("Retry-After", "2"),)


def explain(failure: AwsFailure, table: str) -> StoreUnusable:
    """The failure of a call to the accounts' table, in words for the operator. The user reads no details."""
    if failure.reason in BUSY:
        return StoreBusy(detail=f"The accounts table '{table}' is busy: {failure.reason}: {failure.aws_message}")
    return StoreUnusable(detail=f"The accounts table '{table}' cannot be used: {_why(failure)}")


def _why(failure: AwsFailure) -> str:
    match failure.reason:
        case "ResourceNotFoundException":
            return f"it does not exist in this region; run: {program()} provision, or fix USERS or ES_REGION"
        case "AccessDeniedException":
            return f"AWS does not allow {_action(failure)} on it to these credentials: {failure.aws_message}"
        case "NoCredentialsError" | "CredentialRetrievalError" | "PartialCredentialsError" | "ProfileNotFound":
            return f"there are no AWS credentials for it: {failure.aws_message}"
        case "NoRegionError":
            return "its region is not known; set ES_REGION"
    return f"{failure.reason}: {failure.aws_message}"


def _action(failure: AwsFailure) -> str:
    """The action that the policy lacks: AWS names it; a transaction needs what its parts need, not one of its own."""
    named = re.search(r"\bdynamodb:\w+", failure.aws_message)
    return named[0] if named else "dynamodb:" + failure.operation.title().replace("_", "")
