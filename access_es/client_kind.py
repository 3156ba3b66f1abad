"""Who will read an answer: a person in a browser, a script of a page in a browser, or a program.

A person is sent to the sign-in page and sees errors as pages. A program is offered Basic authentication, which would
make a browser open its password window: a script of a page never is.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Literal

ClientKind = Literal["person", "script", "program"]

_TELLING = frozenset(
    ("accept", "user-agent", "sec-fetch-mode", "sec-fetch-site", "x-requested-with", "kbn-xsrf", "kbn-version",
     "osd-xsrf", "osd-version")
)  # fmt: skip
_SCRIPTED = ("x-requested-with", "kbn-xsrf", "kbn-version", "osd-xsrf", "osd-version")
_QUALITY = re.compile(r";\s*q\s*=\s*([01]?(?:\.\d{0,3})?)\s*(?:;|$)", re.IGNORECASE)  # RFC 9110, 12.4.2, as it is sent


def client_kind(headers: Iterable[tuple[str, str]]) -> ClientKind:
    """What the request's headers show. Fetch Metadata decides where a browser sends it (w3.org/TR/fetch-metadata).

    It does so over https and to its own machine. Over plain http, browsers are known by their User-Agent, and pages by
    what the Accept header prefers.
    """
    said: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        if key in _TELLING:
            said[key] = f"{said[key]},{value}" if key in said else value
    mode = said.get("sec-fetch-mode")
    if mode is not None:
        # Node's fetch sends a mode, too, but does not know what a site is.
        return "person" if mode == "navigate" else "script" if "sec-fetch-site" in said else "program"
    if not any(name in said for name in _SCRIPTED) and prefers_page(said.get("accept", "")):
        return "person"
    return "script" if _is_browser(said) else "program"


def takes_json_for_a_verdict(headers: Iterable[tuple[str, str]]) -> bool:
    """Whether this is rsyslog's omelasticsearch, known by libcurl's own headers: `Accept: */*`, and no User-Agent.

    It takes any answer in JSON for what the domain says of its lines, and drops them where that is an error; after an
    answer that is no JSON it tries again (rsyslog/rsyslog#4944).
    """
    said = {name.lower(): value for name, value in headers}
    return said.get("accept") == "*/*" and "user-agent" not in said


def prefers_page(accept: str) -> bool:
    """Whether an Accept header asks for HTML before anything else.

    Browsers name application/xhtml+xml beside it. Java's default names image/gif and image/jpeg as dear as text/html:
    whoever takes anything is no person.
    """
    dear = {kind: quality for kind, quality in _ranges(accept) if quality and "/" in kind}
    html = dear.get("text/html")
    if html is None or "application/xhtml+xml" in dear:
        return html is not None
    return not any(quality >= html for kind, quality in dear.items() if "*" not in kind and kind != "text/html")


def _ranges(accept: str) -> Iterable[tuple[str, float]]:
    for part in accept.split(","):
        quality = _QUALITY.search(part)
        yield part.partition(";")[0].strip().lower(), float(quality[1] or 0) if quality and quality[1] != "." else 1.0


def _is_browser(said: Mapping[str, str]) -> bool:
    """Every browser calls itself Mozilla (RFC 9110, 10.1.5); so does PowerShell, which signs in by a challenge."""
    agent = said.get("user-agent", "")
    return agent.startswith("Mozilla/") and "PowerShell" not in agent
