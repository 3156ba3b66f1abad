"""Applies a plan: runs its steps in order."""

from __future__ import annotations

import time
from collections.abc import Callable

from access_es.errors import AccessEsError, AwsFailure
from access_es.provision.calls import Call
from access_es.provision.step import Plan, Step

_PAUSE_SECONDS, _MAX_WAIT_SECONDS = 2.0, 120.0


class ProvisionFailed(AccessEsError):
    """A resource that must exist could not be created, or must not be."""

    status = 503
    code = "provision_failed"


def apply(
    plan: Plan, call: Call, report: Callable[[str], object], sleep: Callable[[float], object] = time.sleep
) -> None:
    """Run all steps in order, and report each one that is done. Raises ProvisionFailed; finished steps stay."""
    if plan.blockers:
        raise ProvisionFailed("\n".join(f"{blocker.what}: {blocker.fix}." for blocker in plan.blockers))
    for step in plan.steps:
        is_done = _do(step, call, sleep)
        report(step.what if is_done else f"not done, as AWS does not offer it here: {step.what}")


def _do(step: Step, call: Call, sleep: Callable[[float], object]) -> bool:
    """Whether it is done; False for an optional one that AWS does not offer."""
    waited = 0.0
    while True:
        try:
            call(step.service, step.operation, **step.parameters)
        except AwsFailure as failure:
            if failure.reason in step.done_if and (failure.was_repeated or waited):
                return True
            if failure.reason in step.optional_if:
                return False
            if failure.reason not in step.wait_for or waited >= _MAX_WAIT_SECONDS:
                raise ProvisionFailed(_explain(step, failure)) from failure
        else:
            return True
        sleep(_PAUSE_SECONDS)
        waited += _PAUSE_SECONDS


def _explain(step: Step, failure: AwsFailure) -> str:
    action = f"{step.service}:{step.operation.title().replace('_', '')}"
    if failure.reason in ("AccessDenied", "AccessDeniedException", "UnauthorizedOperation"):
        return f"Could not {step.what}: your AWS identity lacks {action} ({failure.aws_message})."
    return f"Could not {step.what}: {failure.reason}: {failure.aws_message}"
