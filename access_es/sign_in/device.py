"""A browser's User-Agent in a few words, for people to recognise their own devices."""

from __future__ import annotations

import re

# In this order: most browsers also name those that they descend from.
_BROWSERS = (
    ("Edge", re.compile(r"\bEdg(?:e|A|iOS)?/")),
    ("Opera", re.compile(r"\b(?:OPR|OPiOS|OPT|Opera)/")),
    ("Vivaldi", re.compile(r"\bVivaldi/")),
    ("Samsung Internet", re.compile(r"\bSamsungBrowser/")),
    ("Firefox", re.compile(r"\b(?:Firefox|FxiOS)/")),
    ("Chromium", re.compile(r"\bChromium/")),
    ("Chrome", re.compile(r"\b(?:Chrome|CriOS|HeadlessChrome)/")),
    ("Safari", re.compile(r"\bVersion/.*\bSafari/")),
)
_SYSTEMS = (
    ("Android", re.compile(r"\bAndroid\b")),
    ("iPhone", re.compile(r"\biPhone\b")),
    ("iPad", re.compile(r"\biPad\b")),
    ("ChromeOS", re.compile(r"\bCrOS\b")),
    ("Windows", re.compile(r"\bWindows\b")),
    ("macOS", re.compile(r"\bMac OS X\b|\bMacintosh\b")),
    ("Linux", re.compile(r"\bLinux\b")),
)
_PRODUCT = re.compile(r"[A-Za-z][A-Za-z0-9._-]{0,31}")  # RFC 9110, 10.1.5: the first product is the program itself
_MAX_CHARACTERS = 1_024


def describe_device(user_agent: str) -> str:
    """Such as "Firefox on Linux", "curl" or "unknown": words of ours, or the short name of a program."""
    said = user_agent[:_MAX_CHARACTERS]
    browser, system = _first(_BROWSERS, said), _first(_SYSTEMS, said)
    if not browser and not said.startswith("Mozilla/"):
        product = _PRODUCT.match(said)
        browser = product[0] if product else ""
    if not system:
        return browser or "unknown"
    return f"{browser or 'a browser'} on {system}"


def _first(known: tuple[tuple[str, re.Pattern[str]], ...], said: str) -> str:
    return next((name for name, pattern in known if pattern.search(said)), "")
