"""The wire target and its canonical reading. Canonical strings are those that real domains printed in their 403 bodies."""

from __future__ import annotations

import pytest

from access_es.upstream.target import build_target, canonical_path, canonical_query


@pytest.mark.parametrize(
    "raw",
    [
        "/", "/_search", "/a%2Fb/_doc/1", "/%3Clogstash-%7Bnow%2Fd%7D%3E/_search", "/*,-notme/_search", "//a//b/", "/a/./b/../c",
        "/a;b=c;d", "/a+b", "/idx/_search?", "/i?pretty", "/i?q=a:b/c@d?e", "/i?_g=(a:!t,b:'x')", "/i?a=1&a=2&&=x&b=", "/%25",
        "/i?x=%2B%26%3D", "/~user/(x)!$&'*,;=:@",
    ],
)  # fmt: skip
def test_a_legal_target_is_sent_as_it_came(raw: str) -> None:
    """Every byte RFC 3986 allows and every upper-case escape stays what it is."""
    assert str(build_target(raw.encode())) == raw


@pytest.mark.parametrize(
    ("raw", "wire"),
    [
        (b"/100%/x", "/100%25/x"),
        (b"/%zz%2", "/%25zz%252"),
        (b"/%2f%3c", "/%2F%3C"),
        (b"/a b|c^d", "/a%20b%7Cc%5Ed"),
        ("/ü?q=é".encode(), "/%C3%BC?q=%C3%A9"),
        (b"/\xff#frag", "/%FF%23frag"),
        (b'/i?q="a"<b>{c}[d]\\`', "/i?q=%22a%22%3Cb%3E%7Bc%7D%5Bd%5D%5C%60"),
        (b"/i?q=a+b", "/i?q=a%20b"),
    ],
)
def test_what_servers_read_differently_is_spelled_out(raw: bytes, wire: str) -> None:
    assert str(build_target(raw)) == wire


@pytest.mark.parametrize(
    ("path", "canonical"),
    [
        ("/*/*/_search/", "/%2A/%2A/_search/"),  # mhart/aws4#12
        ("/*,-notme/_search", "/%2A%2C-notme/_search"),  # sharetribe/aws-sig4#4
        ("/%3Fa=b%20c", "/%253Fa%3Db%2520c"),  # aws/aws-sdk-js#853
        ("/foo//bar", "/foo/bar"),  # carsales/aws-request-signer#11
        ("/a:b", "/a%3Ab"),  # elastic/elasticsearch-ruby#278
        ("/%3Cx-%7Bnow%2Fd%7D%3E", "/%253Cx-%257Bnow%252Fd%257D%253E"),
        ("/", "/"), ("//", "/"), ("/./", "/"), ("/a/./b/../c", "/a/c"), ("/a/..", "/"), ("/..", "/"), ("/a/.", "/a"),
        ("/a/b/", "/a/b/"), ("/.kibana/_search", "/.kibana/_search"), ("/a;b", "/a%3Bb"), ("/~x", "/~x"),
    ],
)  # fmt: skip
def test_the_path_is_escaped_once_more(path: str, canonical: str) -> None:
    assert canonical_path(path) == canonical


@pytest.mark.parametrize(
    ("query", "canonical"),
    [
        ("v", "v="),
        ("fields=_source%2C_parent", "fields=_source%2C_parent"),  # DavidMuller/aws-requests-auth#12
        ("b=2&a=2&a=1", "a=1&a=2&b=2"),
        ("filter_path=hits.*,a:b", "filter_path=hits.%2A%2Ca%3Ab"),
        ("a=%7E%41", "a=~A"), ("&&=x&a=", "a="), ("a=b=c", "a=b%3Dc"), ("a=%E9", "a=%E9"), ("a-b=1&a=1", "a=1&a-b=1"),
        (None, ""), ("", ""),
    ],
)  # fmt: skip
def test_the_query_is_decoded_encoded_and_sorted(query: str | None, canonical: str) -> None:
    assert canonical_query(query) == canonical
