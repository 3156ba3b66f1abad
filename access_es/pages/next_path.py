"""Where a sign-in leads: always to this site."""

from __future__ import annotations

import re

from access_es.messages import OWN_PREFIX

_MAX_CHARACTERS = 6_000  # with the rest of the answer's head it must fit API Gateway's 10,240 bytes of headers
# One slash, then no second one: `//host` and, to browsers, `/\host` name another site. Browsers drop tabs and newlines
# before they look (url.spec.whatwg.org, basic URL parser), so only visible ASCII is let through, and no backslash.
_PATH = re.compile(r"/(?![/\\])[!-\[\]-~]*")
_OURS = OWN_PREFIX.decode("ascii")


def is_safe_next(path: str) -> bool:
    """Whether a browser that follows `Location: <path>` stays on this site, and leaves our sign-in pages."""
    if len(path) > _MAX_CHARACTERS or not _PATH.fullmatch(path):
        return False
    bare = path.partition("?")[0].partition("#")[0]
    return not any(f"{_OURS}{page}" in bare for page in ("login", "logout", "oidc/"))
