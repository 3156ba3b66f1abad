"""What Amazon's es service hashes when it checks a SigV4 signature: pure functions on the bytes that arrived.

Rules and their sources:
- path: dot and empty segments go, then every byte outside the unreserved set is escaped, also the `%` of an
  escape: `/%3Fa=b` becomes `/%253Fa%3Db` (aws/aws-sdk-js#853), `/*,-x` becomes `/%2A%2C-x` (mhart/aws4#12).
- query: decoded, encoded again strictly, sorted; `v` alone is `v=` (carsales/aws-request-signer#11); `+` is a
  blank (inreachventures/aws-signing-request-interceptor#34); a part without a name takes no part.
- headers: lower-case names, inner runs of whitespace become one blank, repeated values joined by commas
  (docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
"""

import hashlib
import re
from collections.abc import Sequence
from typing import TypeAlias

HeaderPairs: TypeAlias = tuple[tuple[bytes, bytes], ...]

ALGORITHM = "AWS4-HMAC-SHA256"

_ESCAPES = [b"%%%02X" % byte for byte in range(256)]
_OUTSIDE_PATH = re.compile(rb"[^A-Za-z0-9\-._~/]")
_OUTSIDE_QUERY = re.compile(rb"[^A-Za-z0-9\-._~]")
_ESCAPED = re.compile(rb"%([0-9A-Fa-f]{2})")


def canonical_path(path: bytes) -> bytes:
    """`path` as it stood on the wire, escapes included."""
    kept: list[bytes] = []
    for segment in path.split(b"/"):
        if segment == b"..":
            del kept[-1:]
        elif segment not in (b"", b"."):
            kept.append(segment)
    closing = b"/" if kept and path.endswith(b"/") else b""
    return _OUTSIDE_PATH.sub(_escape, b"/" + b"/".join(kept) + closing)


def canonical_query(query: bytes) -> bytes:
    """`query` as it stood on the wire, without the `?`."""
    pairs = []
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        if name:
            pairs.append((_encode(_decode(name)), _encode(_decode(value))))
    return b"&".join(name + b"=" + value for name, value in sorted(pairs))


def canonical_headers(headers: HeaderPairs, names: Sequence[str]) -> bytes:
    """One line for each of `names`, in that order; a name that no header has is left out."""
    values: dict[bytes, list[bytes]] = {}
    for name, value in headers:
        values.setdefault(name.lower(), []).append(b" ".join(value.split()))
    wanted = [name.encode("latin-1") for name in names]
    return b"".join(name + b":" + b",".join(values[name]) + b"\n" for name in wanted if name in values)


def canonical_request(
    method: str, target: bytes, headers: HeaderPairs, names: Sequence[str], body_sha256: str
) -> bytes:
    """The six lines that are hashed into the string to sign; `body_sha256` is of the body that arrived."""
    path, _, query = target.partition(b"?")
    lines = (
        method.encode("latin-1"),
        canonical_path(path),
        canonical_query(query),
        canonical_headers(headers, names),
        ";".join(names).encode("latin-1"),
        body_sha256.encode("ascii"),
    )
    return b"\n".join(lines)


def string_to_sign(timestamp: str, scope: str, request: bytes) -> str:
    """`timestamp` is `20150830T123600Z`, `scope` is `20150830/us-east-1/es/aws4_request`."""
    return "\n".join((ALGORITHM, timestamp, scope, hashlib.sha256(request).hexdigest()))


def _decode(text: bytes) -> bytes:
    return _ESCAPED.sub(lambda found: bytes((int(found[1], 16),)), text.replace(b"+", b" "))


def _encode(text: bytes) -> bytes:
    return _OUTSIDE_QUERY.sub(_escape, text)


def _escape(found: re.Match[bytes]) -> bytes:
    return _ESCAPES[found[0][0]]
