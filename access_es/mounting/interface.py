"""Where Kibana and Dashboards are on an Amazon domain, and which of their answers name that path. Pure."""

from __future__ import annotations

import re
from enum import Enum

INTERFACES = (b"/_plugin/kibana", b"/_dashboards")  # docs.aws.amazon.com, OpenSearch Service, "Using Dashboards"
# What could end an attribute, a string or a `url(...)` of a document is never put into one.
_INSERTABLE = re.compile(r"(/[A-Za-z0-9._~$+!,=:@%-]+)+")
# Their programs: what these answer is data, which may well hold such a path of its own. `elasticsearch` is the way to
# the engine in Kibana 4 and 5, `api/console/proxy` in later ones.
_PROGRAMS = frozenset((b"api", b"internal", b"elasticsearch", b"es_admin"))
_REPORTS = [b"api", b"reporting"]
_MARKUP = frozenset(("text/html", "application/xhtml+xml", "text/css"))
_SCRIPTS = frozenset(
    ("application/javascript", "text/javascript", "application/x-javascript", "application/ecmascript")
)  # fmt: skip


class Kind(Enum):
    """How an answer is to be read."""

    DOCUMENT = "the path may stand anywhere in it"
    REPORTS = "JSON whose strings may begin with the path"


def interface_of(path: bytes) -> bytes | None:
    """The user interface that a request's path lies under, such as b"/_dashboards"."""
    return next((each for each in INTERFACES if path == each or path.startswith(each + b"/")), None)


def is_insertable(mount: str) -> bool:
    """Whether a mount may be written into documents. One of other characters leaves them as they are."""
    return _INSERTABLE.fullmatch(mount) is not None


def kind_of(path: bytes, interface: bytes, content_type: str) -> Kind | None:
    """What an answer to a request for `path` is; None for what must stay as it is.

    Public sources (elastic/kibana and OpenSearch-Dashboards: src/core/server/rendering, src/legacy/ui/ui_render,
    src/optimize/bundles_route) write the path into HTML, style sheets and `bootstrap.js`; until Kibana 7.8 into every
    bundle too, as webpack's public path. Bundles below a build number are built once for all paths.
    """
    segments = path[len(interface) + 1 :].split(b"/")
    if segments[0] in (b"s", b"w") and len(segments) > 2:  # a space of Kibana, a workspace of Dashboards
        del segments[:2]
    media_type = content_type.partition(";")[0].strip().lower()
    if segments[0] in _PROGRAMS:
        return Kind.REPORTS if segments[:2] == _REPORTS and media_type == "application/json" else None
    if media_type in _MARKUP:
        return Kind.DOCUMENT
    if media_type in _SCRIPTS and not any(segment.isdigit() for segment in segments[:-1]):
        return Kind.DOCUMENT
    return None
