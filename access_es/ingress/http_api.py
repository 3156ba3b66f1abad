"""API Gateway HTTP API, payload 2.0: the query arrives raw, the path decoded.

Recorded (tests/vectors/events/ingress-paths.json): it is decoded, cut at a `?`, and decoded once more; what then cannot
be decoded is refused by the door. Lost for good: whether a `/` was `%2F`, anything behind `%3F`, escapes of escapes,
bytes that are no UTF-8. What is left is escaped again.
"""

from __future__ import annotations

from urllib.parse import quote

from access_es.ingress.fields import Event, checked_mount, read_map, read_text, to_bytes
from access_es.ingress.payload_v2 import read_v2
from access_es.messages import ProxyRequest

# RFC 3986, 3.3: what a path may hold as it is. "%" is not among it: one that is left here was escaped itself.
_PATH_CHARACTERS = "/-._~!$&'()*+,;=:@"


def read_request(event: Event) -> ProxyRequest:
    """The request behind an event. Raises BadRequest."""
    path = read_text(event, "rawPath")
    mount = _mount(path, event)
    rest = path[len(mount) :] or "/"
    return read_v2(event, quote(to_bytes(rest), safe=_PATH_CHARACTERS).encode(), mount)


def _mount(path: str, event: Event) -> str:
    """What the door puts before our paths: what `{proxy+}` did not match, or else the stage, on whole segments.

    A stage other than `$default` begins the path. Reports differ on whether it does so behind a custom domain
    (CodeGenieApp/serverless-express#465, zappa/Zappa#1409), where the route `$default` cannot tell it from an index.
    """
    proxy = read_map(event, "pathParameters").get("proxy")
    if isinstance(proxy, str) and proxy.strip("/"):
        bare, tail = path.rstrip("/"), "/" + proxy.strip("/")
        return checked_mount(bare.removesuffix(tail).rstrip("/")) if bare.endswith(tail) else ""
    stage = f"/{read_map(event, 'requestContext').get('stage')}"
    return stage if path == stage or path.startswith(stage + "/") else ""
