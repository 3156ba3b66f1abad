"""`/--access-es/metrics`: for whoever has the token, comes from the right address, or both, as the settings want it."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from flask import Blueprint, Request, Response, request
from flask.sansio.blueprints import BlueprintSetupState
from werkzeug.routing import Rule

from access_es.errors import AccessEsError, MethodNotAllowed, NotFound
from access_es.ingress.client_address import read_address
from access_es.messages import OWN_PREFIX
from access_es.pages.run import run_page
from access_es.server.forwarded import Network, is_among
from access_es.server.metrics.exposition import metrics_app

if TYPE_CHECKING:
    from access_es.settings.names import Settings

PATH = OWN_PREFIX.decode() + "metrics"
_SCHEME = "bearer"


class WrongMetricsToken(AccessEsError):
    """No failed sign-in: this token is no user's."""

    status = 401
    code = "wrong_metrics_token"
    title = "This page needs a token"
    message = "Send the token of the setting METRICS_TOKEN as 'Authorization: Bearer <token>'."

    @property
    def extra_headers(self) -> tuple[tuple[str, str], ...]:
        return (("WWW-Authenticate", 'Bearer realm="access-es metrics"'),)


def metrics_page(read: Callable[[], Sequence[float]], settings: Settings) -> Blueprint:
    """The page. `read` gives the value of each cell of the table."""
    pages = Blueprint("metrics", __name__)
    app = metrics_app(read)

    def metrics() -> Response:
        check(request, settings)
        if request.method not in ("GET", "HEAD"):
            raise MethodNotAllowed
        shown = run_page(app, {**request.environ, "REQUEST_METHOD": "GET"})
        return Response(b"".join(shown.body), shown.status, [*shown.headers, ("Cache-Control", "no-store")])

    def register(state: BlueprintSetupState) -> None:
        """For every method, so that no answer to another address differs from that of an unknown path."""
        state.app.url_map.add(Rule(PATH, endpoint="metrics"))
        state.app.view_functions["metrics"] = metrics

    pages.record(register)
    return pages


def check(asked: Request, settings: Settings) -> None:
    """Raises NotFound for another address, as if there were no such page, and WrongMetricsToken."""
    if settings.metrics_addresses and not _is_from(asked, settings.metrics_addresses):
        raise NotFound
    if settings.metrics_token and not _has_token(asked.headers.get("Authorization", ""), settings.metrics_token):
        raise WrongMetricsToken


def _is_from(asked: Request, networks: Sequence[Network]) -> bool:
    """Whether the client is in one of them. What a proxy passes on that nobody said is to be trusted (`serve
    --trusted-proxy`) comes from the proxy's address, whoever sent it: such a request shows another client.
    """
    client = asked.remote_addr or ""
    _, _, last = asked.headers.get("X-Forwarded-For", client).rpartition(",")
    return is_among(client, networks) and read_address(last.strip()) == read_address(client)


def _has_token(header: str, tokens: Sequence[str]) -> bool:
    scheme, _, offered = header.partition(" ")
    given = offered.strip().encode("utf-8", "surrogatepass")
    found = [hmac.compare_digest(given, token.encode()) for token in tokens]
    return scheme.lower() == _SCHEME and any(found)
