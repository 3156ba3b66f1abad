"""Whom people can ask: the setting CONTACT, as our pages show it."""

from __future__ import annotations

import re

from access_es.lazy_dataclass import dataclass

_WEB = re.compile(r"https?://[!-~]+")
_MAIL = re.compile(r"[^\s@<>:/?&]+@[^\s@<>:/?&]+")


@dataclass(frozen=True, slots=True)
class Contact:
    """`link` is empty where the text is neither a web nor a mail address."""

    text: str
    link: str = ""


def read_contact(text: str) -> Contact | None:
    """None where the setting is empty."""
    text = text.strip()
    if _WEB.fullmatch(text):
        return Contact(text, text)
    if _MAIL.fullmatch(text):
        return Contact(text, f"mailto:{text}")
    return Contact(text) if text else None
