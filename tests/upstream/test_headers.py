"""What travels on, and what does not."""

from __future__ import annotations

import pytest

from access_es.upstream.headers import request_headers, response_headers

DOMAIN = "https://search-x.us-east-1.es.amazonaws.com"
OURS = "https://es.example.com"


def back(*headers: tuple[str, str]) -> list[tuple[str, str]]:
    return list(response_headers(headers, DOMAIN, OURS))


def test_headers_that_an_allow_list_would_have_forgotten_pass_in_order_with_repeats() -> None:
    sent = (
        ("kbn-xsrf", "1"), ("osd-xsrf", "osd-fetch"), ("osd-version", "2.19"), ("kbn-version", "5.1.1"), ("securitytenant", "a"),
        ("Foo", "1"), ("Foo", "2"), ("Accept", "*/*"), ("X-Opaque-Id", 'find "foo'), ("Cookie", "sid=1; other=2"),
    )  # fmt: skip
    assert tuple(request_headers(sent)) == sent


def test_hop_by_hop_ours_and_forged_headers_go_no_further() -> None:
    sent = (
        ("Host", "evil"), ("Connection", "close, X-Secret"), ("X-Secret", "1"), ("Keep-Alive", "5"), ("TE", "trailers"),
        ("Transfer-Encoding", "chunked"), ("Content-Length", "5"), ("Expect", "100-continue"), ("Authorization", "Bearer x"),
        ("Proxy-Authorization", "x"), ("Date", "x"), ("X-Amz-Date", "x"), ("x-amz-security-token", "x"), ("X-Amzn-Trace-Id", "x"),
        ("X-Forwarded-For", "6.6.6.6"), ("X_Forwarded_For", "6.6.6.6"), ("Forwarded", "for=6"), ("Via", "x"), ("Upgrade", "h2c"),
        ("X-HTTP-Method-Override", "DELETE"), ("CloudFront-Viewer-Country", "x"), ("Content_Length", "5"),
        ("Transfer_Encoding", "chunked"), ("X_HTTP_Method_Override", "DELETE"), ("x_secret", "1"), ("proxy_authorization", "x"),
    )  # fmt: skip
    assert request_headers(sent) == []


def test_our_session_cookie_stays_and_the_users_other_cookies_pass_verbatim() -> None:
    def cookies(value: str) -> list[tuple[str, str]]:
        return request_headers((("Cookie", value),))

    assert cookies("__Host-access-es=abc; security_tenant=x;  odd") == [("Cookie", "security_tenant=x;  odd")]
    assert cookies("a=1; access-es=abc") == [("Cookie", "a=1")]
    assert cookies("access-es=abc") == []
    assert cookies("my-access-es=1") == [("Cookie", "my-access-es=1")]


@pytest.mark.parametrize("name", ["access-es", "__Host-access-es"])
@pytest.mark.parametrize(
    ("sent", "passed"),
    [
        ("a=1, {}=SEALED.x-y_z", "a=1"),  # lines joined with a comma
        ("{}=SEALED, a=1", "a=1"),
        ("a=1, {}=SEALED, b=2; c=3", "a=1, b=2; c=3"),
        ("a=1,{}=SEALED", "a=1"),
        ('a="1" {}=SEALED', 'a="1"'),  # joined with a blank
        ("{} = SEALED; a=1", "a=1"),
        ('{}="SEALED"; a=1', "a=1"),
        ("={}=SEALED; a=1", "=; a=1"),  # a cookie without a name, as browsers send it
        ("a={}=SEALED", "a="),
        ("$Version=1; {}=SEALED; $Path=/", "$Version=1; $Path=/"),
        ("{0}=SEALED; {0}=SEALED2; a=1", "a=1"),
        ("my-{}=mine; a=1", "my-{}=mine; a=1"),
        ("a={}; b=1", "a={}; b=1"),  # its name alone is no secret
    ],
)
def test_the_value_of_our_cookie_never_leaves_wherever_it_stands(name: str, sent: str, passed: str) -> None:
    assert request_headers((("Cookie", sent.format(name)),)) == [("Cookie", passed.format(name))]


def test_headers_with_an_underscore_pass_like_any_other() -> None:
    sent = (("sg_tenant", "a"), ("opendistro_security_impersonate_as", "bob"), ("SG_Tenant", "b"))
    assert tuple(request_headers(sent)) == sent


def test_the_domains_addresses_become_ours() -> None:
    assert back(("Location", f"{DOMAIN}/_plugin/kibana/")) == [("Location", f"{OURS}/_plugin/kibana/")]
    assert back(("Location", f"{DOMAIN}:443/x")) == [("Location", f"{OURS}/x")]
    assert back(("Location", f"{DOMAIN}//evil.example/x")) == [("Location", f"{OURS}//evil.example/x")]
    for other in (
        "/app",
        "https://elsewhere.example/x",
        f"{DOMAIN}.evil.example/x",
        "https://sts.amazonaws.com/?to=" + DOMAIN,
    ):
        assert back(("Location", other)) == [("Location", other)]


def test_cookies_of_the_domain_belong_to_this_client_and_never_name_ours() -> None:
    given = back(
        ("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; Domain=search-x.us-east-1.es.amazonaws.com; HttpOnly"),
        ("Set-Cookie", "access-es=forged"), ("Set-Cookie", " __Host-access-es=forged; Secure"),
    )  # fmt: skip
    assert given == [("Set-Cookie", "a=1; Path=/"), ("Set-Cookie", "b=2; HttpOnly")]


TLS_ONLY = "sid=1; Path=/; Secure; HttpOnly; SameSite=None; Partitioned"


@pytest.mark.parametrize(
    ("ours", "cookie", "kept"),
    [
        (OURS, TLS_ONLY, TLS_ONLY),
        ("https://es.example.com/dev", TLS_ONLY, TLS_ONLY),
        ("http://localhost:8080", TLS_ONLY, "sid=1; Path=/; HttpOnly"),
        ("http://localhost:8080", "sid=1;secure;SAMESITE = none", "sid=1"),
        ("http://localhost:8080", "sid=1; SameSite=Lax; Secure", "sid=1; SameSite=Lax"),
        ("http://localhost:8080", "Secure=1; Path=/", "Secure=1; Path=/"),  # a name, not an attribute
        ("http://localhost:8080", "Secure", "Secure"),
        ("http://", TLS_ONLY, "sid=1; Path=/; HttpOnly"),
    ],
)
def test_cookies_for_tls_alone_come_back_where_the_browser_has_none(ours: str, cookie: str, kept: str) -> None:
    """A `Secure` cookie never comes back over plain http: the domain's own sign-in would ask again and again."""
    assert response_headers((("Set-Cookie", cookie),), DOMAIN, ours) == (("Set-Cookie", kept),)


@pytest.mark.parametrize("mount", ["", "/dev"])
@pytest.mark.parametrize(
    ("told", "path"),
    [
        (f"{DOMAIN}/_plugin/kibana/", "/_plugin/kibana/"),
        (DOMAIN, "/"),
        (f"{DOMAIN}?a=b", "/?a=b"),
        (f"{DOMAIN}#a", "/#a"),
    ],
)
def test_addresses_are_relative_for_a_client_that_named_no_host(mount: str, told: str, path: str) -> None:
    given = response_headers((("Location", told),), DOMAIN, f"http://{mount}", mount)
    assert given == (("Location", mount + path),)


def test_a_relative_address_never_names_another_host() -> None:
    given = response_headers((("Location", f"{DOMAIN}//evil.example/x"),), DOMAIN, "http://", "")
    assert given == (("Location", "/.//evil.example/x"),)


def test_framing_and_control_bytes_of_the_domain_cannot_split_our_answer() -> None:
    given = back(
        ("Transfer-Encoding", "chunked"), ("Content-Length", "5"), ("Connection", "x-hop"), ("X-Hop", "1"), ("Alt-Svc", "h3"), ("X-Control", "a\rb\x00c\td"), ("Warning", '299 "caf\xe9"'),
    )  # fmt: skip
    assert given == [("X-Control", "abc\td"), ("Warning", '299 "caf\xe9"')]
