"""The app: Flask for our own pages, the proxy in front of it for everything else."""

from __future__ import annotations

import logging
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from access_es.authorization import Authorization
from access_es.delivery.error_response import render_failure
from access_es.errors import AccessEsError, BadRequest, BodyTooLarge, MethodNotAllowed, NotFound
from access_es.ingress import read_request
from access_es.messages import OWN_PREFIX, ProxyRequest
from access_es.pages.contact import read_contact
from access_es.pages.health import health_pages
from access_es.pages.register import register_accounts
from access_es.proxy import Proxy
from access_es.services import Services

MAX_FORM_BYTES = 32 * 1024  # the server gathers as much before a thread begins
ARRIVED_KEY = "access_es.body_arrived"
_ERROR_BY_STATUS: dict[int, type[AccessEsError]] = {404: NotFound, 405: MethodNotAllowed, 413: BodyTooLarge}
log = logging.getLogger("access_es.app")


def create_app(services: Services) -> Flask:
    """A Flask app whose `wsgi_app` is the proxy."""
    app = Flask("access_es", static_url_path=f"{OWN_PREFIX.decode()}static")
    app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
    app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
    app.url_map.merge_slashes = False  # a redirect to the address without them would be kept for good
    app.before_request(_require_arrived_body)
    app.jinja_env.globals["contact"] = read_contact(services.contact)
    authorization = Authorization(services.permissions, services.accounts.settings.secrets)
    register_accounts(app, services.accounts, authorization.describe)
    app.register_blueprint(health_pages(services.probe.is_ready))
    app.register_error_handler(Exception, lambda fault: _render_error(app, fault))
    app.wsgi_app = Proxy(  # type: ignore[method-assign]
        app.wsgi_app,
        services,
        authorization,
        lambda facts: _page(app, facts),
        lambda facts: app.jinja_env.get_template("waiting.html").render(facts),
    )
    return app


def _require_arrived_body() -> None:
    """Refuse a form whose body has not arrived yet: slow clients could otherwise block all threads."""
    if not request.environ.get(ARRIVED_KEY, True):
        raise BodyTooLarge(f"Send this form with a Content-Length header, and at most {MAX_FORM_BYTES:,} bytes.")


def _page(app: Flask, facts: dict[str, Any]) -> str:
    return app.jinja_env.get_template("error.html").render(facts)


def _render_error(app: Flask, fault: Exception) -> Response:
    """Render an error of our own pages like every other error."""
    error = _to_access_es_error(fault)
    asked: ProxyRequest = request.environ.get("access_es.request") or read_request(request.environ)
    if entry := request.environ.get("access_es.entry"):
        entry.note_failure(error)
    if error.detail:
        log.warning("%s: %s [%s]", error.code, error.detail, asked.id)
    shown = render_failure(error, asked, lambda facts: _page(app, facts))
    return Response(b"".join(shown.body), shown.status, list(shown.headers))


def _to_access_es_error(fault: Exception) -> AccessEsError:
    if isinstance(fault, AccessEsError):
        return fault
    if isinstance(fault, HTTPException):
        return _ERROR_BY_STATUS.get(fault.code or 500, BadRequest)()
    log.exception("Unexpected error", exc_info=fault)
    return AccessEsError()
