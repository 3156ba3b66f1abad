"""Roles that are assumed for one person each, to sign that person's requests with (`sign_with` in PERMISSIONS).

AWS Security Token Service API Reference, "AssumeRole"; IAM User Guide, "Pass session tags in AWS STS". The session has
the person's name, as its source identity too, and the person's groups in a tag, so that CloudTrail shows who it was.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Any

from access_es.aws import AwsService, AwsSession, make_client
from access_es.aws_credentials import BotoCredentials, refreshable
from access_es.credentials import CredentialsSource
from access_es.errors import AwsFailure, NoCredentials
from access_es.messages import SignAs

ACTIONS = ("sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity")
USER_TAG, GROUPS_TAG = "access-es-user", "access-es-groups"
_MOST_SESSIONS = 2048  # some kilobytes each
_MOST_NAME, _MOST_TAG_VALUE = 64, 256
_NOT_IN_NAMES = re.compile(r"[^\w+,.@-]", re.ASCII)  # `=` too, which marks the names that were changed
_GROUP = re.compile(r"[\w ./=+@-]+")  # what tags may hold, without the colon that separates groups in ours
# What only reads, in the forms of all versions. It is a second check behind ours, so a path that ends the same way as
# one of these may pass: the first check has read the whole request.
_READ_BY_POST = (
    "_search", "_search/*", "_msearch", "_msearch/*", "_count", "_mget", "_field_caps", "_field_stats",
    "_search_shards", "_validate/query", "_explain*", "_*termvector*", "_analyze", "_rank_eval", "_suggest",
    "_percolate*", "_mpercolate", "_render/template*", "_sql*", "_ppl*", "_asynchronous_search*",
)  # fmt: skip
_DASHBOARDS = ("_plugin/kibana/*", "_dashboards/*")


class AssumedRoles:
    """The credentials of each role and person, assumed once for all requests that wait, and renewed ahead of time.

    `reads_only` says whether sessions of roles that write nothing are limited to reading.
    """

    def __init__(self, region: str, service: str, session: AwsSession, *, reads_only: bool = True) -> None:
        self._region = region
        self._reads_only = reads_only and service == "es"  # the others' actions do not tell reading from writing
        self._session = session
        self._sts = AwsService(lambda: make_client("sts", region, session))
        self._lock = threading.Lock()
        self._sources: OrderedDict[SignAs, BotoCredentials] = OrderedDict()

    def source(self, sign_as: SignAs) -> CredentialsSource:
        with self._lock:
            found = self._sources.get(sign_as)
            if found is None:
                fetch = self._assume(sign_as)
                found = BotoCredentials(self._region, session=self._session, find=lambda: refreshable(fetch))
                self._sources[sign_as] = found
                if len(self._sources) > _MOST_SESSIONS:
                    self._sources.popitem(last=False)
            self._sources.move_to_end(sign_as)
        return found

    def _assume(self, sign_as: SignAs) -> Callable[[], dict[str, str]]:
        parameters = session_parameters(sign_as, reads_only=self._reads_only)

        def fetch() -> dict[str, str]:
            try:
                answer = self._sts.call("assume_role", **parameters)["Credentials"]
            except AwsFailure as failure:
                raise NoCredentials(detail=explain_refusal(failure, sign_as.role_arn)) from failure
            return {
                "access_key": answer["AccessKeyId"],
                "secret_key": answer["SecretAccessKey"],
                "token": answer["SessionToken"],
                "expiry_time": answer["Expiration"].isoformat(),
            }

        return fetch


def session_parameters(sign_as: SignAs, *, reads_only: bool) -> dict[str, Any]:
    """Those of AssumeRole."""
    name = session_name(sign_as.user)
    tags = [{"Key": USER_TAG, "Value": name}]
    if groups := groups_value(sign_as.groups):
        tags.append({"Key": GROUPS_TAG, "Value": groups})
    parameters = {"RoleArn": sign_as.role_arn, "RoleSessionName": name, "SourceIdentity": name, "Tags": tags}
    if reads_only and sign_as.reads_only:
        partition = sign_as.role_arn.split(":")[1]
        parameters["Policy"] = json.dumps(reading_policy(partition, sign_as.views), separators=(",", ":"))
    return parameters


def session_name(user: str) -> str:
    """The user's name in 2 to 64 of the characters that AWS takes, each name another one."""
    kept = _NOT_IN_NAMES.sub("-", user)
    if kept == user and 2 <= len(user) <= _MOST_NAME:
        return user
    return f"{kept[: _MOST_NAME - 13]}={hashlib.sha256(user.encode()).hexdigest()[:12]}"


def groups_value(groups: Iterable[str]) -> str:
    """`:ops:data:`, so that a condition can look for `*:ops:*`. Groups that do not fit are left out, never changed."""
    value = ":"
    for group in groups:
        if _GROUP.fullmatch(group) and len(value) + len(group) < _MOST_TAG_VALUE:
            value += f"{group}:"
    return value if len(value) > 1 else ""


def reading_policy(partition: str, views: bool) -> dict[str, Any]:
    """A session policy that reading needs. It can only take away from what the role may do."""

    def paths(names: Iterable[str]) -> list[str]:
        return [f"arn:{partition}:es:*:*:domain/*/{name}" for name in names]

    statements = [
        {"Effect": "Allow", "Action": ["es:ESHttpGet", "es:ESHttpHead"], "Resource": "*"},
        {
            "Effect": "Allow",
            "Action": "es:ESHttpPost",
            "Resource": paths([*(f"*{name}" for name in _READ_BY_POST), *(_DASHBOARDS if views else ())]),
        },
        {"Effect": "Allow", "Action": "es:ESHttpDelete", "Resource": paths(("_search/*",))},
    ]
    if views:  # the list of fields of an index pattern is written by whoever looks at it
        fields = paths(f"{each}api/saved_objects/index-pattern/*" for each in ("_plugin/kibana/", "_dashboards/"))
        statements.append({"Effect": "Allow", "Action": "es:ESHttpPut", "Resource": fields})
    return {"Version": "2012-10-17", "Statement": statements}


def explain_refusal(failure: AwsFailure, role_arn: str) -> str:
    """Why a role could not be assumed, and what allows it."""
    lacking = next((action for action in (*ACTIONS[1:], ACTIONS[0]) if action in failure.aws_message), "")
    if failure.reason == "AccessDenied" and lacking:
        where = "the trust policy of that role and the policy of the identity that assumes it must allow it"
        return f"{role_arn} cannot be assumed: {lacking} is refused; {where} (access-es doctor prints both)"
    return f"{role_arn} cannot be assumed: {failure.reason}: {failure.aws_message}"


def trust_statement(principal: str) -> dict[str, Any]:
    """What the trust policy of a role must contain, so that `principal` may assume it for people."""
    return {"Effect": "Allow", "Principal": {"AWS": principal}, "Action": list(ACTIONS)}
