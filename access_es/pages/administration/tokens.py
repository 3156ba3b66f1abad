"""Everybody's API tokens, and when machines were last here."""

from __future__ import annotations

from collections.abc import Iterator

from flask import jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from access_es.errors import AccessEsError, NotFound
from access_es.pages import page
from access_es.pages.administration.paging import asked_part
from access_es.pages.administration.view import full_title, lead_to, titles
from access_es.pages.administration.view import show as show_page
from access_es.sign_in.identity import Caller
from access_es.users.fields import machine_fields, token_fields
from access_es.users.tokens import Token


def show(caller: Caller) -> AnyResponse:
    return _tokens_page(caller)


def ask_to_revoke(caller: Caller) -> AnyResponse:
    directory, name, label = page.accounts().directory, request.args.get("name", ""), request.args.get("label", "")
    user = directory.user(name)
    if label not in {token.label for token in directory.tokens(name)}:
        raise NotFound(f"There is no token with the label '{label}'.")
    back = "user" if request.args.get("back") == "user" else "tokens"
    return show_page(
        "confirm.html",
        caller=caller,
        place="tokens/revoke",
        verb="Revoke",
        question=f"Revoke the token “{label}” of {full_title(user)}",
        why="Programs that use it are refused from now on. This cannot be undone.",
        fields={"name": name, "label": label, "back": back},
        back={"name": name} if back == "user" else None,
        back_place=back,
    )


def revoke(caller: Caller) -> AnyResponse:
    name, label = request.form.get("name", ""), request.form.get("label", "")
    try:
        page.check_form()
        page.directory(caller).revoke_token(name, label)
    except AccessEsError as error:
        if not page.wants_page():
            raise
        return _tokens_page(caller, error)
    page.audit("token_revoked", target=name, token=label)
    if request.form.get("back") == "user":
        return lead_to("user", name=name, done="revoked")
    return lead_to("tokens", done="revoked")


def _tokens_page(caller: Caller, error: AccessEsError | None = None) -> AnyResponse:
    directory = page.accounts().directory
    named = titles(directory.users())

    def texts(token: Token) -> Iterator[str]:
        yield from (token.user, named.get(token.user, ""), token.label, token.id, *(token.roles or ()))
        if token.is_expired(directory.now()):
            yield "expired"

    part = asked_part(directory.all_tokens(), texts)
    machines = directory.machines()
    if not page.wants_page():
        tokens = [token_fields(token, directory.now()) for token in part.items]
        seen = [machine_fields(name, last) for name, last in machines.items()]
        return jsonify(tokens=tokens, machines=seen, **part.facts)
    return show_page("tokens.html", error, caller=caller, part=part, titles=named, machines=machines)
