"""Whether the roles that sign can be assumed, and what is said where they cannot."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from typing import Any

import pytest

from access_es.assumed_roles import ACTIONS, AssumedRoles, trust_statement
from access_es.aws import AwsSession
from access_es.doctor.assumable import check_assumable, check_trust, lacking_actions
from access_es.provision.calls import Calls
from tests.provision.conftest import MakeStage
from tests.provision.test_policy import policy
from tests.test_assumed_roles import Sts, sts

__all__ = ["sts"]
ACCOUNT = "123456789012"
FUNCTION = f"arn:aws:iam::{ACCOUNT}:role/p-dev-ZappaLambdaExecutionRole"


def trusting(*actions: str, principal: Any = FUNCTION, effect: str = "Allow") -> dict[str, Any]:
    statement = {"Effect": effect, "Principal": {"AWS": principal}, "Action": list(actions)}
    return {"Version": "2012-10-17", "Statement": [statement]}


@pytest.mark.parametrize(
    ("trust", "lacking"),
    [
        (trusting(*ACTIONS), ()),
        ({"Statement": trust_statement(FUNCTION)}, ()),
        (trusting("sts:*"), ()),
        (trusting("STS:assumerole", "sts:TagSession"), ("sts:SetSourceIdentity",)),
        (trusting("sts:AssumeRole"), ("sts:TagSession", "sts:SetSourceIdentity")),
        (trusting(*ACTIONS, principal=[f"arn:aws:iam::{ACCOUNT}:root", "x"]), ()),
        (trusting(*ACTIONS, principal="arn:aws:iam::999999999999:root"), ACTIONS),
        (trusting(*ACTIONS, effect="Deny"), ACTIONS),
        (
            {"Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "*"}]},
            ACTIONS,
        ),
    ],
)
def test_what_a_trust_policy_lacks(trust: dict[str, Any], lacking: tuple[str, ...]) -> None:
    assert lacking_actions(trust, FUNCTION) == lacking


def make_role(aws: Calls, trust: dict[str, Any]) -> str:
    name = f"readers-{secrets.token_hex(4)}"
    arn: str = aws("iam", "create_role", RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    return arn


def test_a_trust_policy_without_tagging_is_a_fault_and_the_one_that_works_is_printed(aws: Calls) -> None:
    arn = make_role(aws, trusting("sts:AssumeRole"))
    (found,) = check_trust([arn], FUNCTION, aws)
    assert found.level == "fault" and "sts:TagSession, sts:SetSourceIdentity" in found.says
    printed = json.loads(found.fix.partition(": {")[2].join(("{", "")))
    (checked,) = check_trust([make_role(aws, {"Version": "2012-10-17", "Statement": [printed]})], FUNCTION, aws)
    assert checked.level == "good"


def test_a_role_that_is_not_there(aws: Calls) -> None:
    (found,) = check_trust([f"arn:aws:iam::{ACCOUNT}:role/nobody-{secrets.token_hex(4)}"], FUNCTION, aws)
    assert found.level == "fault" and "there is no role" in found.says


def test_on_this_machine_each_is_assumed(sts: Sts) -> None:
    roles = AssumedRoles("us-east-1", "es", AwsSession(region="us-east-1"))
    assert [found.level for found in check_assumable([FUNCTION], roles)] == ["good"]
    sts.refusal = "User: x is not authorized to perform: sts:TagSession on resource: y"
    (found,) = check_assumable([f"{FUNCTION}2"], roles)
    assert found.level == "fault" and "sts:TagSession" in found.says and "sts:TagSession" in found.fix


@pytest.fixture
def signing() -> Iterator[str]:
    roles = {"a": {"read": ["*"], "sign_with": FUNCTION}, "b": {"read": ["x"], "sign_with": FUNCTION}, "c": {}}
    yield json.dumps({"roles": roles})


def test_the_policy_of_the_function_allows_these_roles_and_no_others(make_stage: MakeStage, signing: str) -> None:
    found = policy(make_stage({"PERMISSIONS": signing}))["SignForPeople"]
    assert (found["Action"], found["Resource"]) == (list(ACTIONS), [FUNCTION])
    assert "SignForPeople" not in policy(make_stage({"PERMISSIONS": signing, "ES_SIGN": "false"}))
    assert "SignForPeople" not in policy(make_stage())
