"""Every form of a domain's address, and what it tells."""

from __future__ import annotations

import pytest

from access_es.settings.endpoint import parse_endpoint


@pytest.mark.parametrize(
    ("text", "url", "region", "service"),
    [
        (
            "search-x-abc.us-east-1.es.amazonaws.com",
            "https://search-x-abc.us-east-1.es.amazonaws.com",
            "us-east-1",
            "es",
        ),
        (
            "https://VPC-x-abc.eu-west-1.es.amazonaws.com/",
            "https://vpc-x-abc.eu-west-1.es.amazonaws.com",
            "eu-west-1",
            "es",
        ),
        (
            "search-x.cn-north-1.es.amazonaws.com.cn",
            "https://search-x.cn-north-1.es.amazonaws.com.cn",
            "cn-north-1",
            "es",
        ),
        (
            "search-x.us-gov-west-1.es.amazonaws.com",
            "https://search-x.us-gov-west-1.es.amazonaws.com",
            "us-gov-west-1",
            "es",
        ),
        ("search-x-abc.aos.eu-central-1.on.aws", "https://search-x-abc.aos.eu-central-1.on.aws", "eu-central-1", "es"),
        ("abc123.us-west-2.aoss.amazonaws.com", "https://abc123.us-west-2.aoss.amazonaws.com", "us-west-2", "aoss"),
        ("https://es.example.com:443", "https://es.example.com", None, None),
        ("http://127.0.0.1:9200", "http://127.0.0.1:9200", None, None),
        ("http://localhost:80", "http://localhost", None, None),
        ("https://[::1]:9200", "https://[::1]:9200", None, None),
        (
            "search-x.us-east-1.es.amazonaws.com.evil.example",
            "https://search-x.us-east-1.es.amazonaws.com.evil.example",
            None,
            None,
        ),
    ],
)
def test_an_address(text: str, url: str, region: str | None, service: str | None) -> None:
    endpoint = parse_endpoint(text)
    assert (endpoint.url, endpoint.region, endpoint.service) == (url, region, service)


@pytest.mark.parametrize(
    "text",
    [
        "ftp://x",
        "https://",
        "https://u:p@x.com",
        "https://x.com/path",
        "https://x.com?q",
        "https://x.com:port",
        "https://a b.com",
        "https://x.com:99999",
    ],
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_endpoint(text)
