"""The overflow bucket: private, encrypted, only over TLS, readable for our own pages, and emptied by its lifecycle.

Only what is ours in it is touched: another's CORS and lifecycle rules and policy statements stay.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from access_es.delivery.overflow import MAX_KEY_AGE_DAYS
from access_es.errors import AwsFailure
from access_es.provision.calls import Call, ask
from access_es.provision.step import Blocker, Plan, Step

PREFIXES = ("overflow/",)  # large answers, and below it what long queries were asked and found
_PRIVATE = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
_OWNED = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
_ENCRYPTED = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
_NAME = "access-es"
_TLS_ONLY = "AccessEsTlsOnly"
_CONFLICTS = ("OperationAborted", "NoSuchBucket")  # S3 sets up a new bucket a little while longer
_PARTS = (
    ("privacy", "get_public_access_block", "PublicAccessBlockConfiguration", "NoSuchPublicAccessBlockConfiguration"),
    ("ownership", "get_bucket_ownership_controls", "OwnershipControls", "OwnershipControlsNotFoundError"),
    ("encryption", "get_bucket_encryption", "ServerSideEncryptionConfiguration",
     "ServerSideEncryptionConfigurationNotFoundError"),
    ("policy", "get_bucket_policy", "Policy", "NoSuchBucketPolicy"),
    ("cors", "get_bucket_cors", "CORSRules", "NoSuchCORSConfiguration"),
    ("lifecycle", "get_bucket_lifecycle_configuration", "Rules", "NoSuchLifecycleConfiguration"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class DesiredBucket:
    """`origins` are those of our pages; none are known before the first deployment."""

    name: str
    region: str
    partition: str
    account: str
    origins: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundBucket:
    """The bucket as S3 describes it; None: was never set. `refusal`: why S3 does not let us read it."""

    region: str | None = None
    refusal: str | None = None
    parts: Mapping[str, Any] = field(default_factory=dict)


def find_bucket(call: Call, desired: DesiredBucket) -> FoundBucket | None:
    place = {"Bucket": desired.name, "ExpectedBucketOwner": desired.account}
    try:
        head = ask(call, ("404", "NoSuchBucket"), "s3", "head_bucket", **place)
    except AwsFailure as failure:
        if failure.reason in ("403", "AccessDenied", "301", "400"):
            return FoundBucket(refusal=failure.reason)
        raise
    if head is None:
        return None
    parts = {}
    for part, operation, key, absent in _PARTS:
        answer = ask(call, (absent,), "s3", operation, **place)
        parts[part] = answer and answer.get(key)
    return FoundBucket(head.get("BucketRegion"), None, parts)


def plan_bucket(desired: DesiredBucket, found: FoundBucket | None) -> Plan:
    if found is not None and (blocker := _blocker(desired, found)):
        return Plan(blockers=(blocker,))
    making = [_make(desired)] if found is None else []
    later = () if desired.origins else (f"CORS of the bucket {desired.name}, once the address of the API is known",)
    return Plan((*making, *_changes(desired, found.parts if found else {})), later=later)


def _blocker(desired: DesiredBucket, found: FoundBucket) -> Blocker | None:
    other = "name another bucket in OVERFLOW_BUCKET: bucket names are shared by all AWS accounts"
    if found.refusal == "301" or (found.region and found.region != desired.region):
        where = found.region or "another region"
        return Blocker(f"The bucket {desired.name} is in {where}, the domain in {desired.region}", other)
    if found.refusal:
        what = f"The bucket {desired.name} belongs to another account, or these credentials lack s3:ListBucket on it"
        return Blocker(what, other)
    return None


def _make(desired: DesiredBucket) -> Step:
    parameters: dict[str, Any] = {"Bucket": desired.name, "ObjectOwnership": "BucketOwnerEnforced"}
    if desired.region != "us-east-1":  # S3 API reference, "CreateBucket": that one must not be named
        parameters["CreateBucketConfiguration"] = {"LocationConstraint": desired.region}
    return Step(
        f"create the bucket {desired.name} in {desired.region}", "s3", "create_bucket", parameters,
        wait_for=("OperationAborted",), done_if=("BucketAlreadyOwnedByYou",),
    )  # fmt: skip


def _changes(desired: DesiredBucket, found: Mapping[str, Any]) -> Iterator[Step]:
    def step(what: str, operation: str, **parameters: Any) -> Step:
        place = {"Bucket": desired.name, "ExpectedBucketOwner": desired.account}
        return Step(f"{what} {desired.name}", "s3", operation, {**place, **parameters}, wait_for=_CONFLICTS)

    if found.get("privacy") != _PRIVATE:
        what = "block all public access to the bucket"
        yield step(what, "put_public_access_block", PublicAccessBlockConfiguration=_PRIVATE)
    if found.get("ownership") != _OWNED:
        yield step(
            "make the bucket's owner the owner of all objects in",
            "put_bucket_ownership_controls",
            OwnershipControls=_OWNED,
        )
    if not found.get("encryption"):
        what = "encrypt all objects in the bucket"
        yield step(what, "put_bucket_encryption", ServerSideEncryptionConfiguration=_ENCRYPTED)
    statements = _statements(found.get("policy"))
    if _tls_only(desired) not in statements:
        others = [each for each in statements if each.get("Sid") != _TLS_ONLY]
        policy = json.dumps({"Version": "2012-10-17", "Statement": [*others, _tls_only(desired)]})
        yield step("refuse unencrypted connections to the bucket", "put_bucket_policy", Policy=policy)
    rules = found.get("cors") or []
    if desired.origins and not _has_cors(rules, desired.origins):
        ours = [_cors(desired.origins), *(rule for rule in rules if rule.get("ID") != _NAME)]
        what = f"let pages of {' and '.join(desired.origins)} read from the bucket"
        yield step(what, "put_bucket_cors", CORSConfiguration={"CORSRules": ours})
    rules = found.get("lifecycle") or []
    if any(not _has(rules, rule) for rule in _LIFECYCLE):
        kept = [rule for rule in rules if not str(rule.get("ID")).startswith(f"{_NAME}-")]
        what = f"delete objects after {MAX_KEY_AGE_DAYS} day in the bucket"
        yield step(
            what, "put_bucket_lifecycle_configuration", LifecycleConfiguration={"Rules": [*kept, *_LIFECYCLE]}
        )  # fmt: skip


def _statements(policy: str | None) -> list[dict[str, Any]]:
    found = json.loads(policy)["Statement"] if policy else []
    return found if isinstance(found, list) else [found]


def _tls_only(desired: DesiredBucket) -> dict[str, Any]:
    arn = f"arn:{desired.partition}:s3:::{desired.name}"
    return {
        "Sid": _TLS_ONLY,
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [arn, f"{arn}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }


def _cors(origins: Sequence[str]) -> dict[str, Any]:
    """Kibana's own headers, kbn-version and such, survive the redirect, so that browsers ask for them first."""
    return {
        "ID": _NAME,
        "AllowedOrigins": list(origins),
        "AllowedMethods": ["GET", "HEAD"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["Accept-Ranges", "Content-Encoding", "Content-Length", "Content-Range", "ETag"],
        "MaxAgeSeconds": 3600,
    }


def _has_cors(rules: Sequence[Mapping[str, Any]], origins: Sequence[str]) -> bool:
    def meaning(rule: Mapping[str, Any]) -> dict[str, Any]:
        return {key: sorted(value) if isinstance(value, list) else value for key, value in rule.items()}

    return bool(rules) and meaning(rules[0]) == meaning(_cors(origins))


def _has(rules: Sequence[Mapping[str, Any]], desired: Mapping[str, Any]) -> bool:
    return any(desired.items() <= rule.items() for rule in rules)


# Amazon rounds up to the next midnight UTC, so an object lives for two days at the most.
_LIFECYCLE = [
    {
        "ID": f"{_NAME}-{prefix.rstrip('/')}",
        "Filter": {"Prefix": prefix},
        "Status": "Enabled",
        "Expiration": {"Days": MAX_KEY_AGE_DAYS},
        "NoncurrentVersionExpiration": {"NoncurrentDays": MAX_KEY_AGE_DAYS},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": MAX_KEY_AGE_DAYS},
    }
    for prefix in PREFIXES
]
