"""The start of a streamed answer: status and headers as JSON, and eight NUL bytes after it. Pure.

API Gateway Developer Guide, "Set up a Lambda proxy integration with payload response streaming": four keys, each
optional, valid JSON, the NULs within the first 16 KB; a Content-Length is passed on, without one the door chunks.
"""

from __future__ import annotations

import json

from access_es.delivery.lambda_answer import door_headers, shape_headers
from access_es.front_doors import FrontDoor
from access_es.messages import ProxyResponse, has_no_body

SEPARATOR = bytes(8)


def build_prelude(door: FrontDoor, response: ProxyResponse, method: str) -> bytes:
    """What comes before the body's first byte.

    An answer without a body says so by its length: told nothing, clients and gateways have waited for a body that
    never came (aws/aws-lambda-nodejs-runtime-interface-client#95, awslabs/aws-lambda-web-adapter#499).
    """
    length = 0 if has_no_body(method, response.status) else response.length_bytes
    headers = door_headers(response.headers, length != 0 or method == "HEAD", "GET")
    if length is not None:
        headers = (*headers, ("Content-Length", str(length)))
    head = {"statusCode": response.status, **shape_headers(door, headers)}
    return json.dumps(head, separators=(",", ":")).encode() + SEPARATOR
