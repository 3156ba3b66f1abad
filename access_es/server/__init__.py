"""The production WSGI server: gunicorn's master and request parser under a stricter, more patient thread worker.

An application finds these beside the usual keys of its environ:

| key | value |
|---|---|
| `access_es.target` | the request target as the client sent it, latin-1 text |
| `access_es.headers` | (name, value) pairs as sent: in order, with repeats, in the case received, latin-1 text |
| `access_es.body_arrived` | whether the whole body is here, so that reading it waits for nobody |
| `wsgi.input` | the body without its chunk framing, to its end; raises `RequestBodyError` where that cannot be |
"""

from access_es.server.body import RequestBodyError
from access_es.server.master import print_url, require_free, serve

__all__ = ["RequestBodyError", "print_url", "require_free", "serve"]
