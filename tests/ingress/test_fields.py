"""Header values keep their bytes, whichever way the door decoded them."""

from __future__ import annotations

import pytest

from access_es.errors import BadRequest
from access_es.ingress.fields import read_headers


@pytest.mark.parametrize(
    ("decoded", "received"),
    [
        ("plain", b"plain"),
        ("café", "café".encode()),  # decoded as UTF-8
        ("cafÃ©", "café".encode()),  # decoded as latin-1
        ("世界", "世界".encode()),
    ],
)
def test_utf8_bytes_are_found_again(decoded: str, received: bytes) -> None:
    assert read_headers([("X-A", decoded)]) == (("X-A", received.decode("latin-1")),)


def test_half_a_character_is_refused() -> None:
    with pytest.raises(BadRequest):
        read_headers([("a", "\ud800")])
    with pytest.raises(BadRequest):
        read_headers([("\ud800", "a")])
