"""Cookies of sign-ins on their way are ours alone."""

from __future__ import annotations

import pytest

from access_es.upstream.headers import request_headers, response_headers


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("access-es-oidc-sAb_-12x=a.b; sid=1", ["sid=1"]),
        ("sid=1; __Host-access-es-oidc-sAbcdefg=a; access-es=x; __Host-access-es=y", ["sid=1"]),
        ("__Host-access-es-oidc-sAbcdefg=a", []),
        ("my-access-es-oidc-x=1", ["my-access-es-oidc-x=1"]),
        ("access-es-other=1", ["access-es-other=1"]),
    ],
)
def test_the_domain_never_gets_them(sent: str, kept: list[str]) -> None:
    assert [value for _name, value in request_headers((("Cookie", sent),))] == kept


def test_the_domain_never_sets_them() -> None:
    headers = (("Set-Cookie", "access-es-oidc-x=1"), ("Set-Cookie", "__Host-access-es-oidc-x=1"), ("Set-Cookie", "a=1"))
    assert response_headers(headers, "https://domain", "https://ours") == (("Set-Cookie", "a=1"),)
