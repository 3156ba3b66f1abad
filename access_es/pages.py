"""The headers of every page of our own: nothing from elsewhere runs in it, nothing frames it, nobody keeps it."""

from __future__ import annotations

from access_es.messages import Headers

PAGE_HEADERS: Headers = (
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; form-action 'self'; "
        "frame-ancestors 'none'; base-uri 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
)
