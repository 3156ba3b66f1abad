"""The error of a store that cannot be used."""

from __future__ import annotations

from access_es.errors import AccessEsError


class StoreUnusable(AccessEsError):
    """The accounts cannot be read or written. `detail` says where and why."""

    status = 503
    code = "accounts_unavailable"
    message = "The user accounts cannot be read at the moment, so nobody can sign in."
