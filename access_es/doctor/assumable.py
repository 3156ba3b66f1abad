"""Checks whether the IAM roles of PERMISSIONS (`sign_with`) can be assumed, with tags and a source identity."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from access_es.assumed_roles import ACTIONS, AssumedRoles, trust_statement
from access_es.errors import AwsFailure, NoCredentials
from access_es.messages import SignAs
from access_es.provision.calls import Call
from access_es.provision.finding import Finding, fault, good, unknown


def check_trust(role_arns: Iterable[str], principal: str, call: Call) -> Iterator[Finding]:
    """Whether the trust policy of each lets `principal`, the function's role, do what signing takes."""
    for arn in role_arns:
        try:
            role = call("iam", "get_role", RoleName=arn.rpartition("/")[2])["Role"]
        except AwsFailure as failure:
            yield _not_read(arn, principal, failure)
            continue
        if role["Arn"] != arn:
            what = f"{arn} is of another account, where its trust policy cannot be read"
            yield unknown("roles", what, _trust_fix(arn, principal))
        elif lacking := lacking_actions(role["AssumeRolePolicyDocument"], principal):
            what = f"the trust policy of {arn} does not allow {', '.join(lacking)} to {principal}"
            yield fault("roles", what, _trust_fix(arn, principal))
        else:
            yield good("roles", f"{arn} can be assumed by {principal}, with tags and a source identity")


def check_assumable(role_arns: Iterable[str], roles: AssumedRoles) -> Iterator[Finding]:
    """Assumes each, with the credentials of whoever runs the doctor."""
    for arn in role_arns:
        try:
            roles.source(SignAs(arn, "access-es-doctor", ("doctor",))).current()
        except NoCredentials as error:
            yield fault("roles", error.detail, _trust_fix(arn, "arn:aws:iam::<account>:role/<who runs access-es>"))
        else:
            yield good("roles", f"{arn} can be assumed, with tags and a source identity")


def lacking_actions(trust: Mapping[str, Any], principal: str) -> tuple[str, ...]:
    """What a trust policy does not allow `principal`. Conditions are taken to be met, and denials to be none."""
    allowed = [
        pattern.lower()
        for statement in _as_list(trust.get("Statement", ()))
        if statement.get("Effect") == "Allow" and _names(statement.get("Principal"), principal)
        for pattern in _as_list(statement.get("Action", ()))
    ]
    return tuple(action for action in ACTIONS if not any(fnmatchcase(action.lower(), each) for each in allowed))


def _names(trusted: Any, principal: str) -> bool:
    """Whether a Principal is this role, or its whole account, or everybody."""
    if trusted == "*":
        return True
    partition, account = principal.split(":")[1], principal.split(":")[4]
    known = {"*", principal, account, f"arn:{partition}:iam::{account}:root"}
    return isinstance(trusted, Mapping) and not known.isdisjoint(_as_list(trusted.get("AWS", ())))


def _as_list(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def _not_read(arn: str, principal: str, failure: AwsFailure) -> Finding:
    if failure.reason == "NoSuchEntity":
        return fault("roles", f"there is no role {arn} in this account", f"create it, and {_trust_fix(arn, principal)}")
    what = f"the trust policy of {arn} cannot be read ({failure.reason})"
    return unknown("roles", what, f"allow your AWS identity iam:GetRole; {_trust_fix(arn, principal)}")


def _trust_fix(arn: str, principal: str) -> str:
    return f"add this statement to the trust policy of {arn}: {json.dumps(trust_statement(principal))}"
