"""An app below a path of its own, behind a proxy that passes the path on as the client wrote it (`serve --mount`)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from access_es.ingress.wsgi_server import MOUNT_KEY, TARGET_KEY
from access_es.messages import OWN_PREFIX

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

# As `mounting.interface` writes it into documents; without escapes, so that it is the same in PATH_INFO.
MOUNT = re.compile(r"(/[A-Za-z0-9._~$+!,=:@-]+)+")
_ORIGIN = re.compile(r"https?://[^/?#]*", re.IGNORECASE)
_PROBES = tuple(OWN_PREFIX.decode() + name for name in ("health", "ready"))


def below(app: WSGIApplication, mount: str) -> WSGIApplication:
    """The app with `mount` before all its paths. Probes may ask without it; nobody else finds anything there."""

    def mounted(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        asked = environ[TARGET_KEY]
        origin = _ORIGIN.match(asked)  # RFC 9112, 3.2.2: the absolute form; a URL in a query is the client's
        target = asked[origin.end() :] if origin else asked
        path, question, query = target.partition("?")
        if path == mount or path.startswith(f"{mount}/"):
            environ[TARGET_KEY] = (path[len(mount) :] or "/") + question + query
            environ[MOUNT_KEY] = environ["SCRIPT_NAME"] = mount
            environ["PATH_INFO"] = environ["PATH_INFO"][len(mount) :] or "/"
        elif path not in _PROBES:
            return _refuse(mount, start_response)
        return app(environ, start_response)

    return mounted


def _refuse(mount: str, start_response: Callable[..., Any]) -> Iterable[bytes]:
    reason = (
        f"This server answers below {mount}/ only. The proxy in front of it must pass the path on as the client wrote "
        f"it, with {mount} at its start."
    )
    error = {"type": "outside_the_mount", "reason": reason, "code": "outside_the_mount", "layer": "access-es"}
    data = json.dumps({"error": error, "status": 404}).encode() + b"\n"
    headers = [("Content-Type", "application/json"), ("Cache-Control", "no-store"), ("Content-Length", str(len(data)))]
    start_response("404 Not Found", headers)
    return [data]
