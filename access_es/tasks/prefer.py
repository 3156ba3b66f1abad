"""Reads `respond-async` and `wait` from the request header `Prefer` (RFC 7240)."""

from __future__ import annotations

from access_es.lazy_dataclass import dataclass
from access_es.messages import Headers


@dataclass(frozen=True, slots=True)
class RespondAsync:
    """`respond-async`: the client takes a 202 when `wait_seconds` have passed."""

    wait_seconds: float


def read_preference(headers: Headers) -> RespondAsync | None:
    """What a client prefers, None where it does not ask for an answer later.

    Preferences are named at most once; the first one counts (section 2), and one that makes no sense is ignored.
    """
    lines = [value for name, value in headers if len(name) == 6 and name.lower() == "prefer"]
    if not lines:
        return None
    named: dict[str, str] = {}
    for preference in ",".join(lines).split(","):
        name, _, value = preference.partition(";")[0].partition("=")  # its own parameters come after a ";"
        named.setdefault(name.strip().lower(), value.strip().strip('"'))
    if "respond-async" not in named:
        return None
    wait = named.get("wait", "")
    return RespondAsync(float(wait) if wait.isascii() and wait.isdecimal() and len(wait) < 10 else 0.0)
