"""Who changed what."""

from __future__ import annotations

from flask import jsonify, request
from werkzeug.wrappers import Response as AnyResponse

from access_es.pages import page
from access_es.pages.administration.paging import PER_PAGE, asked_words
from access_es.pages.administration.view import ACTIONS, titles
from access_es.pages.administration.view import show as show_page
from access_es.sign_in.identity import Caller
from access_es.users.change_log import Change, find_changes
from access_es.users.fields import change_fields


def show(caller: Caller) -> AnyResponse:
    directory = page.accounts().directory
    named, words = titles(directory.users()), asked_words()

    def is_wanted(change: Change) -> bool:
        texts = (change.actor, change.target, change.action, change.detail, named.get(change.actor, ""))
        whole = "\n".join((*texts, named.get(change.target, ""), ACTIONS.get(change.action, ""))).casefold()
        return all(word in whole for word in words.casefold().split())

    found = find_changes(directory.change_log, PER_PAGE, request.args.get("before", "")[:40], is_wanted)
    if not page.wants_page():
        return jsonify(changes=[change_fields(change) for change in found.changes], older=found.older)
    return show_page("changes.html", caller=caller, found=found, titles=named, words=words)
