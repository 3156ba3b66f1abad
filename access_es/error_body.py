"""An error as JSON, as the clients of Elasticsearch read one."""

from __future__ import annotations

from typing import Any


def error_body(status: int, code: str, reason: str, **facts: object) -> dict[str, Any]:
    """A failure as JSON, in the shape of Elasticsearch's own: clients show `root_cause`, or else hide the reason."""
    cause = {"type": code, "reason": reason}
    return {"error": {"root_cause": [cause], **cause, "code": code, **facts}, "status": status}
