"""How a request ended and who decided it, from its audit line: what metrics of all kinds sort requests by."""

from __future__ import annotations

from collections.abc import Mapping

OUTCOMES = ("success", "refused", "throttled", "client_error", "server_error", "cut", "client_gone")
LAYERS = ("access-es", "domain", "iam", "network", "tasks", "overflow", "client")
_OURS = frozenset(("page", "redirect", "preflight", "task", "error"))  # deliveries that are not the domain's answer


def outcome(line: Mapping[str, object]) -> str:
    """One of OUTCOMES. It goes by the status, whoever gave it: `layer` tells them apart."""
    if line.get("error") == "client_gone":
        return "client_gone"
    if line["delivery"] == "cut":
        return "cut"
    status = line["status"]
    if not isinstance(status, int) or status >= 500:
        return "server_error"
    if status < 400:
        return "success"
    if status in (401, 403):
        return "refused"
    return "throttled" if status == 429 else "client_error"


def layer(line: Mapping[str, object]) -> str:
    """One of LAYERS: who refused or failed, or whose answer it was."""
    if line.get("error") == "client_gone":
        return "client"
    named = line.get("layer") or ("access-es" if line["delivery"] in _OURS else "domain")
    return str(named) if named in LAYERS else "access-es"
