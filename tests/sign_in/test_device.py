"""What a User-Agent is called."""

from __future__ import annotations

import pytest

from access_es.sign_in.device import describe_device

CHROME = "(KHTML, like Gecko) Chrome/140.0.0.0"
KNOWN = {
    "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0": "Firefox on Linux",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0": "Firefox on Windows",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {CHROME} Safari/537.36": "Chrome on Windows",
    f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 {CHROME} Safari/537.36 Edg/140.0": "Edge on Windows",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 {CHROME} Safari/537.36 OPR/1": "Opera on macOS",
    f"Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 {CHROME} Mobile Safari/537.36": "Chrome on Android",
    f"Mozilla/5.0 (Linux; Android 14; SM) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/25 {CHROME} Safari/537":
        "Samsung Internet on Android",
    f"Mozilla/5.0 (X11; CrOS x86_64 14541.0.0) AppleWebKit/537.36 {CHROME} Safari/537.36": "Chrome on ChromeOS",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/140.0 Safari/537.36":
        "Chrome on Linux",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1":
        "Safari on macOS",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604":
        "Safari on iPhone",
    "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/140.0 Safari/604":
        "Chrome on iPad",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 FxiOS/143.0 Mobile/15E148 Safari/605":
        "Firefox on iPhone",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Something/1.0": "a browser on Windows",
    "Mozilla/5.0 (compatible)": "unknown",
    "curl/8.5.0": "curl",
    "python-requests/2.32.3": "python-requests",
    "Elastic-Heartbeat/8.1 (linux; amd64)": "Elastic-Heartbeat",
    "": "unknown",
    "<script>alert(1)</script>": "unknown",
    "…": "unknown",
}  # fmt: skip


@pytest.mark.parametrize("user_agent", KNOWN)
def test_a_device_is_named_in_a_few_words(user_agent: str) -> None:
    assert describe_device(user_agent) == KNOWN[user_agent]


def test_whatever_is_sent_the_words_are_few() -> None:
    for sent in ("x" * 100_000, "Mozilla/5.0 " + "Version/" * 20_000, "curl/" * 9_999, "\x1b[31m/1", "a\nb/1"):
        words = describe_device(sent)
        assert len(words) <= 32
        assert words.isprintable()
