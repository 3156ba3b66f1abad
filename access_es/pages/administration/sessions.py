"""Everybody's open sessions."""

from __future__ import annotations

from collections.abc import Iterator

from flask import jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError, BadRequest
from access_es.pages import page
from access_es.pages.administration.paging import asked_part
from access_es.pages.administration.view import lead_to, titles
from access_es.pages.administration.view import show as show_page
from access_es.sign_in.identity import Caller
from access_es.users.fields import session_fields
from access_es.users.sessions import SessionRecord


def show(caller: Caller) -> AnyResponse:
    return _sessions_page(caller)


def end(caller: Caller) -> AnyResponse:
    name, id = request.form.get("name", ""), request.form.get("id", "")
    try:
        page.check_form()
        open_now = page.current_session()
        if open_now is not None and open_now.id == id:
            raise BadRequest("This is the session that you use. Sign out to end it.")
        ended = page.directory(caller).end_session(name, id)
    except AccessEsError as error:
        if not page.wants_page():
            raise
        return _sessions_page(caller, error)
    page.audit("session_ended", target=name, detail=ended.device)
    if request.form.get("back") == "user":
        return lead_to("user", name=name, done="session")
    return lead_to("sessions", done="session")


def _sessions_page(caller: Caller, error: AccessEsError | None = None) -> AnyResponse:
    directory = page.accounts().directory
    named = titles(directory.users())

    def texts(record: SessionRecord) -> Iterator[str]:
        yield from (record.user, named.get(record.user, ""), record.device, record.place, record.how)

    part = asked_part(directory.all_sessions(), texts)
    if not page.wants_page():
        return jsonify(sessions=[session_fields(record) for record in part.items], **part.facts)
    open_now = page.current_session()
    this_session = open_now.id if open_now else ""
    return show_page("sessions.html", error, caller=caller, part=part, titles=named, this_session=this_session)
