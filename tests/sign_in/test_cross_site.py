"""Requests that another site made the browser send."""

from __future__ import annotations

import pytest

from access_es.errors import Forbidden
from access_es.messages import Headers
from access_es.sign_in.cross_site import is_cross_site, refuse_cross_site

HOST = ("Host", "es.example.org")


@pytest.mark.parametrize(
    "headers",
    [
        (HOST,),
        (HOST, ("Sec-Fetch-Site", "same-origin")),
        (HOST, ("Sec-Fetch-Site", "none")),
        (HOST, ("Origin", "https://es.example.org")),
        (HOST, ("Origin", "HTTPS://ES.example.org:443")),
        (("Host", "es.example.org:443"), ("Origin", "https://es.example.org")),
        (("Host", "127.0.0.1:8080"), ("Origin", "http://127.0.0.1:8080")),
        (("Host", "[::1]:8080"), ("Origin", "http://[::1]:8080")),
        # A gateway in front may replace the Host, so what the browser found out itself comes first.
        (("Host", "abc.execute-api.example"), ("Origin", "https://es.example.org"), ("Sec-Fetch-Site", "same-origin")),
    ],
)
def test_requests_of_our_own_pages_and_of_programs_pass(headers: Headers) -> None:
    assert not is_cross_site(headers)


@pytest.mark.parametrize(
    "headers",
    [
        (HOST, ("Sec-Fetch-Site", "cross-site")),
        (HOST, ("Sec-Fetch-Site", "same-site")),
        (HOST, ("sec-fetch-site", "Cross-Site")),
        (HOST, ("Sec-Fetch-Site", "")),
        (HOST, ("Sec-Fetch-Site", "something new")),
        (HOST, ("Sec-Fetch-Site", "same-origin"), ("Sec-Fetch-Site", "cross-site")),
        (HOST, ("Sec-Fetch-Site", "cross-site"), ("Origin", "https://es.example.org")),
        (HOST, ("Origin", "https://evil.example")),
        (HOST, ("Origin", "null")),
        (HOST, ("Origin", "")),
        (HOST, ("Origin", "https://es.example.org.evil.example")),
        (HOST, ("Origin", "https://es.example.org:8443")),
        (HOST, ("Origin", "https://es.example.org"), ("Origin", "https://evil.example")),
        (HOST, ("Host", "evil.example"), ("Origin", "https://evil.example")),
        (("Origin", "https://es.example.org"),),
    ],
)
def test_requests_of_other_sites_do_not(headers: Headers) -> None:
    assert is_cross_site(headers)


EVIL: Headers = (HOST, ("Sec-Fetch-Site", "cross-site"))


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "post", "BREW"])
def test_another_site_cannot_change_anything_with_the_session(method: str) -> None:
    with pytest.raises(Forbidden, match="Another site"):
        refuse_cross_site(method, EVIL, "session")


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS"])
def test_a_link_from_another_site_works(method: str) -> None:
    refuse_cross_site(method, EVIL, "session")


@pytest.mark.parametrize("how", ["token", "password"])
def test_a_program_that_brings_its_own_credentials_may_be_anywhere(how: str) -> None:
    refuse_cross_site("DELETE", EVIL, how)
