"""A browser reduced to its cookies: for what a person cannot do, such as coming back twice with one code."""

from __future__ import annotations

import html
import re
from urllib.parse import urljoin, urlsplit

import requests

from access_es.demo.keycloak import Keycloak

PAGE = {"Accept": "text/html"}


class Browserless:
    """Follows no redirect by itself. What Keycloak marks as Secure is sent to it all the same, as Chromium does here."""

    def __init__(self, keycloak: Keycloak) -> None:
        self._keycloak = keycloak
        self.session = requests.Session()
        self.session.trust_env = False

    def ask(self, url: str, form: dict[str, str] | None = None) -> requests.Response:
        method = "POST" if form else "GET"
        answer = self.session.request(method, url, data=form, headers=PAGE, allow_redirects=False, timeout=30)
        for cookie in self.session.cookies:
            cookie.secure = False
        return answer

    def way_back(self, start: str, name: str) -> str:
        """Sign in at Keycloak, from its address that our button leads to; where it sends the browser back to."""
        page = self.ask(start)
        action = re.search(r'<form[^>]*action="([^"]*)"', page.text)
        assert action, page.text
        fields = {"username": name, "password": self._keycloak.password}
        back = self.ask(urljoin(start, html.unescape(action[1])), fields)
        assert urlsplit(back.headers["Location"]).path.endswith("/--access-es/oidc/callback"), back.headers
        return back.headers["Location"]
