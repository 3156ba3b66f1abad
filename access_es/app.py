"""The app: the proxy, and behind it Flask for our own pages."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from access_es.authorization import Authorization
from access_es.proxy import Proxy
from access_es.services import Services

if TYPE_CHECKING:
    from flask import Flask

    from access_es.pages.site import Site


def create_proxy(services: Services) -> Proxy:
    """The WSGI application. Flask is loaded for the first of our own pages: it takes 40 ms, and of the many sandboxes
    that Lambda starts for one page of Kibana none serves any.
    """
    authorization = Authorization(services.permissions, services.accounts.settings.secrets, run=services.run_judge)

    @cache
    def load_site() -> Site:
        from access_es.pages.site import Site

        return Site(services.accounts, authorization.describe, services.probe.is_ready, services.contact, authorization)

    return Proxy(load_site, services, authorization)


def create_app(services: Services) -> Flask:
    """A Flask app whose `wsgi_app` is the proxy."""
    proxy = create_proxy(services)
    app = proxy.load_site().app
    app.wsgi_app = proxy  # type: ignore[method-assign]
    return app
