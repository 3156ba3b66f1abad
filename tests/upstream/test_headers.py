"""What travels on, and what does not."""

from __future__ import annotations

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
        ("X-HTTP-Method-Override", "DELETE"), ("CloudFront-Viewer-Country", "x"),
    )  # fmt: skip
    assert request_headers(sent) == []


def test_our_session_cookie_stays_and_the_users_other_cookies_pass_verbatim() -> None:
    def cookies(value: str) -> list[tuple[str, str]]:
        return request_headers((("Cookie", value),))

    assert cookies("__Host-access-es=abc; security_tenant=x;  odd") == [("Cookie", "security_tenant=x;  odd")]
    assert cookies("a=1; access-es=abc") == [("Cookie", "a=1")]
    assert cookies("access-es=abc") == []
    assert cookies("my-access-es=1") == [("Cookie", "my-access-es=1")]


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


def test_framing_and_control_bytes_of_the_domain_cannot_split_our_answer() -> None:
    given = back(
        ("Transfer-Encoding", "chunked"), ("Content-Length", "5"), ("Connection", "x-hop"), ("X-Hop", "1"), ("Alt-Svc", "h3"), ("X-Control", "a\rb\x00c\td"), ("Warning", '299 "caf\xe9"'),
    )  # fmt: skip
    assert given == [("X-Control", "abc\td"), ("Warning", '299 "caf\xe9"')]
