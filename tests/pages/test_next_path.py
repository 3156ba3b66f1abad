"""Where a fresh sign-in leads."""

from __future__ import annotations

from urllib.parse import urljoin

import pytest

from access_es.pages.next_path import is_safe_next

HERE = "https://es.example.org/--access-es/login"


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/_dashboards/",
        "/_plugin/kibana/app/kibana?embed=true&_g=(time:(from:now-15m,to:now))",
        "/logs-*/_search?q=a%2Fb%25+c&pretty",
        "/%3Clogstash-%7Bnow%2Fd%7D%3E/_search",
        "/a//b/../c;x=1,2|3",
        "/x?to=https://elsewhere.example/",
        "/@elsewhere.example",
        "/%09/elsewhere.example",
        "/--access-es/account",
        "/--access-es-index/_search",
    ],
)
def test_deep_links_on_this_site_are_followed(path: str) -> None:
    assert is_safe_next(path)
    assert urljoin(HERE, path).startswith("https://es.example.org/")


@pytest.mark.parametrize(
    "path",
    [
        "",
        "elsewhere.example",
        "https://elsewhere.example",
        "https:/elsewhere.example",
        "https:elsewhere.example",
        "HtTpS://elsewhere.example",
        "javascript:alert(1)",
        "data:text/html,x",
        "//elsewhere.example",
        "///elsewhere.example",
        "////elsewhere.example",
        "/\\elsewhere.example",
        "\\\\elsewhere.example",
        "\\/elsewhere.example",
        "/\t/elsewhere.example",
        "/\n/elsewhere.example",
        "/\r\n/elsewhere.example",
        "\t//elsewhere.example",
        " //elsewhere.example",
        " /x",
        "/\x00/elsewhere.example",
        "/\x1f/elsewhere.example",
        "/\x7f",
        "/a\\b",
        "/x\r\nSet-Cookie: a=b",
        "/\u2028/elsewhere.example",
        "/\uff0felsewhere.example",
        "/ü",
        "?next=/",
        "#x",
        "./x",
        "../x",
        "@elsewhere.example",
        "/" + "x" * 6_000,
    ],
)
def test_whatever_may_lead_elsewhere_is_not(path: str) -> None:
    assert not is_safe_next(path)


@pytest.mark.parametrize(
    "path", ["/--access-es/login", "/--access-es/login?next=/x", "/--access-es/logout", "/dev/--access-es/login#x"]
)
def test_signing_in_does_not_lead_back_to_the_sign_in_page(path: str) -> None:
    assert not is_safe_next(path)
