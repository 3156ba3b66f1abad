"""A person's window, and the list of pages to open in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.accessibility.site import Site
from tests.running_proxy import PASSWORD, RunningProxy

LOGIN, ACCOUNT, LOGOUT = "/--access-es/login", "/--access-es/account", "/--access-es/logout"
START = "/--access-es/oidc/start"


@dataclass(frozen=True)
class Visit:
    """A person's new window."""

    site: Site
    page: Page

    def goto(self, path: str, proxy: RunningProxy | None = None) -> None:
        self.page.goto((proxy or self.site.full).url + path)

    def sign_in(self, name: str = "alice", proxy: RunningProxy | None = None, *, again: bool = False) -> None:
        """To the account page, with the session that another page began; `again`: with one of its own."""
        url = (proxy or self.site.full).url
        begun = self.site.sessions.get((name, url))
        if begun and not again:
            self.page.context.add_cookies([begun])
            self.goto(ACCOUNT, proxy)
            return
        self.goto(f"{LOGIN}?next={ACCOUNT}", proxy)
        self.fill_in(name, PASSWORD)
        self.page.wait_for_url(f"**{ACCOUNT}")
        (cookie,) = self.page.context.cookies()
        if not again:
            self.site.sessions[name, url] = {"name": cookie.get("name"), "value": cookie.get("value"), "url": url}

    def fill_in(self, name: str, password: str) -> None:
        self.page.get_by_label("User name").fill(name)
        self.page.get_by_label("Password", exact=True).fill(password)
        self.press("Sign in")

    def press(self, name: str) -> None:
        """A button, whose name begins so."""
        self.page.locator("main").get_by_role("button", name=name).first.click()

    def through_provider(self, **answer: str) -> None:
        """On to the provider, which agrees at once or answers otherwise, and back."""
        path = f"{self.site.full.url}{START}?next={ACCOUNT}"
        left = self.page.context.request.get(path, max_redirects=0, headers={"Accept": "text/html"})
        self.page.goto(self.site.provider.approve(left.headers["location"], **answer))


Open = Callable[[Visit], None]
PAGES: dict[str, Open] = {}


def shows(heading: str) -> Callable[[Open], Open]:
    """Adds the function of a page to the list; by its heading we know that it is the one that was meant."""

    def add(open_page: Open) -> Open:
        def opened(visit: Visit) -> None:
            open_page(visit)
            expect(visit.page.get_by_role("heading", level=1)).to_have_text(heading)

        PAGES[open_page.__name__] = opened
        return open_page

    return add
