"""The production WSGI server: worker processes with a greenlet for each connection, and strict framing.

An application finds these beside the usual keys of its environ:

| key | value |
|---|---|
| `access_es.target` | the request target as the client sent it, latin-1 text |
| `access_es.headers` | (name, value) pairs as sent: in order, with repeats, in the case received, latin-1 text |
| `access_es.body_arrived` | whether the whole body is here, so that reading it waits for nobody |
| `access_es.client` | a `messages.ClientPresence`: whether the client is still there |
| `wsgi.input` | the body without its chunk framing, to its end; raises `RequestBodyError` where that cannot be |

`cooperative.make_cooperative` must have been called first, at the very start of the process.
"""
