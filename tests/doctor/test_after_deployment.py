"""The last lines of a deployment."""

from __future__ import annotations

import pytest

from access_es.doctor.after_deployment import verdict
from access_es.provision.finding import Finding, fault, good, warning

COMMAND = "python -m access_es --stage dev"
LATE, EDGE = fault("clock", "the clock is late", "set it"), fault("api", "it is an edge API", "make it regional")


@pytest.mark.parametrize(
    ("findings", "line"),
    [
        ([good("settings", "complete")], "all is well"),
        ([warning("limits", "small", "a bucket")], f"all is well, with 1 warning: {COMMAND} doctor"),
        ([warning("a", "b", "c")] * 2, f"all is well, with 2 warnings: {COMMAND} doctor"),
        ([good("a", "b"), LATE], "the clock is late. Fix: set it"),
        ([LATE, EDGE], f"the clock is late. Fix: set it (1 more fault: {COMMAND} doctor)"),
        ([LATE, EDGE, EDGE], f"the clock is late. Fix: set it (2 more faults: {COMMAND} doctor)"),
    ],
)
def test_the_verdict_is_one_line(findings: list[Finding], line: str) -> None:
    assert verdict(findings, COMMAND) == line
