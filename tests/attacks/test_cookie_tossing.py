"""A neighbouring host name can add cookies to a person's requests; none of them passes for ours."""

from __future__ import annotations

import pytest

from access_es.sign_in.session_cookie import offered_values


@pytest.mark.parametrize("blank", ["\xa0", "\x85", "\x1f", "\xc2\xa0", "\xe2\x80\x80", "\x0b"])
def test_a_name_behind_an_odd_blank_is_another_name(blank: str) -> None:
    """To a browser it does not begin with `__Host-`, so anybody nearby may set it."""
    assert offered_values((("Cookie", f"a=1; {blank}__Host-access-es=tossed"),), "https") == ()
    assert offered_values((("Cookie", f"__Host-access-es{blank}=tossed"),), "https") == ()


def test_ordinary_blanks_are_none() -> None:
    assert offered_values((("Cookie", "a=1;\t __Host-access-es = mine ;b"),), "https") == ("mine",)
