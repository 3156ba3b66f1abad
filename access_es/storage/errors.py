"""The error of a store that cannot be used."""

from __future__ import annotations

from access_es.errors import AccessEsError


class StoreUnusable(AccessEsError):
    """The accounts cannot be read or written. `detail` says where and why."""

    status = 503
    code = "accounts_unavailable"
    title = "Nobody can sign in at the moment"
    is_temporary = True
    message = "The user accounts cannot be read at the moment, so nobody can sign in."
