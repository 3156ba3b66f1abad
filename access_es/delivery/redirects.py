"""Which clients may be sent elsewhere for a large answer. Pure."""

from __future__ import annotations

from access_es.messages import ProxyRequest, ProxyResponse

# Elements under Kibana's and Dashboards' `script-src 'self'; style-src 'self'; worker-src 'self'`: browsers check the
# policy again after a redirect (w3.org/TR/CSP3, 4.1.2), so another origin is never taken for these.
_OWN_ORIGIN_ONLY = frozenset(("script", "style", "worker", "sharedworker", "serviceworker", "manifest"))
_FOLLOWING_AGENTS = ("Mozilla/", "python-requests/")  # curl, opensearch-py, Go's and Java's clients do not, or may not


def may_come_from_elsewhere(request: ProxyRequest) -> bool:
    """Whether what asks takes an answer of another origin at all."""
    return request.header("sec-fetch-dest") not in _OWN_ORIGIN_ONLY


def follows_redirects(request: ProxyRequest) -> bool:
    """Whether this client is known to follow a redirect to another origin by default."""
    mode = request.header("sec-fetch-mode")
    if not may_come_from_elsewhere(request) or mode == "same-origin":
        return False
    return mode is not None or (request.header("user-agent") or "").startswith(_FOLLOWING_AGENTS)


def may_redirect(answer: ProxyResponse) -> bool:
    """Whether a redirect may stand for this answer: for an error or a part it would say something else."""
    return 200 <= answer.status < 300 and answer.status != 206
