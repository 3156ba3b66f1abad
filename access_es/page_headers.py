"""The headers of every page of our own: nothing from elsewhere runs in it, frames it or keeps it."""

from __future__ import annotations

from collections.abc import Iterable

from access_es.messages import Headers


def page_headers(form_origins: Iterable[str] = (), *, fetches: bool = False) -> Headers:
    """`form_origins` are those to which a form may lead in the end, over redirects: Chromium checks each of them.

    `fetches`: the page has a script that asks us for something.
    """
    targets = " ".join(("'self'", *form_origins))
    connections = "connect-src 'self'; " if fetches else ""
    policy = (
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; "
        f"{connections}frame-ancestors 'none'; base-uri 'none'; form-action {targets}"
    )
    return (
        ("Content-Security-Policy", policy),
        # The domain's pages are of the same origin: without this, a window of theirs that opens ours could read it.
        ("Cross-Origin-Opener-Policy", "same-origin"),
        ("X-Content-Type-Options", "nosniff"),
        ("Referrer-Policy", "same-origin"),
        ("Cache-Control", "no-store"),
    )
