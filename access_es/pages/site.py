"""The Flask app of our own pages, and what the proxy shows to people in place of an answer."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from access_es.delivery.error_response import render_failure
from access_es.errors import AccessEsError, BadRequest, BodyTooLarge, MethodNotAllowed, NotFound
from access_es.ingress import read_request
from access_es.messages import OWN_PREFIX, ProxyRequest
from access_es.pages.administrators import AdminRoles
from access_es.pages.contact import read_contact
from access_es.pages.health import health_pages
from access_es.pages.page import DescribeRights
from access_es.pages.register import register_accounts
from access_es.sign_in.build import Accounts

MAX_FORM_BYTES = 32 * 1024  # the server gathers as much before a thread begins
ARRIVED_KEY = "access_es.body_arrived"
_ERROR_BY_STATUS: dict[int, type[AccessEsError]] = {404: NotFound, 405: MethodNotAllowed, 413: BodyTooLarge}
log = logging.getLogger("access_es.app")


class Site:
    """`app` is the Flask app, `serve` its own WSGI callable, whatever is put in front of it."""

    def __init__(
        self,
        accounts: Accounts,
        describe_rights: DescribeRights,
        is_ready: Callable[[], bool],
        contact: str,
        permissions: AdminRoles,
    ) -> None:
        app = Flask("access_es", static_url_path=f"{OWN_PREFIX.decode()}static")
        app.config["MAX_CONTENT_LENGTH"] = MAX_FORM_BYTES
        app.config["SEND_FILE_MAX_AGE_DEFAULT"] = 3600
        app.url_map.merge_slashes = False  # a redirect to the address without them would be kept for good
        app.before_request(_require_arrived_body)
        app.jinja_env.globals["contact"] = read_contact(contact)
        register_accounts(app, accounts, describe_rights, permissions)
        app.register_blueprint(health_pages(is_ready))
        app.register_error_handler(Exception, self._respond_to)
        self.app = app
        self.serve = app.wsgi_app

    def render_error(self, facts: Mapping[str, Any]) -> str:
        return self.app.jinja_env.get_template("error.html").render(facts)

    def render_waiting(self, facts: Mapping[str, Any]) -> str:
        return self.app.jinja_env.get_template("waiting.html").render(facts)

    def _respond_to(self, fault: Exception) -> Response:
        """Render an error of our own pages like every other error."""
        error = _to_access_es_error(fault)
        asked: ProxyRequest = request.environ.get("access_es.request") or read_request(request.environ)
        if entry := request.environ.get("access_es.entry"):
            entry.note_failure(error)
        if error.detail:
            log.warning("%s: %s [%s]", error.code, error.detail, asked.id)
        shown = render_failure(error, asked, self.render_error)
        return Response(b"".join(shown.body), shown.status, list(shown.headers))


def _require_arrived_body() -> None:
    """Refuse a form whose body has not arrived yet: slow clients could otherwise block all threads."""
    if not request.environ.get(ARRIVED_KEY, True):
        raise BodyTooLarge(f"Send this form with a Content-Length header, and at most {MAX_FORM_BYTES:,} bytes.")


def _to_access_es_error(fault: Exception) -> AccessEsError:
    if isinstance(fault, AccessEsError):
        return fault
    if isinstance(fault, HTTPException):
        return _ERROR_BY_STATUS.get(fault.code or 500, BadRequest)()
    log.exception("Unexpected error", exc_info=fault)
    return AccessEsError()
