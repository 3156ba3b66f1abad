"""Our AWS session token never reaches a client, though the domain may quote the request that we signed.

Amazon's 403 for a wrong signature has the whole canonical request in it, `x-amz-security-token` included, and a proxy
on the way may echo headers. The token is replaced by as many asterisks, so that lengths stay true.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cached_property, lru_cache

from access_es.error_body import error_body
from access_es.messages import Body, Headers, Held, ProxyResponse

_REFUSALS = (401, 403)
_MOST_DECODED_BYTES = 1024 * 1024
_WORD = re.compile(r"[A-Za-z0-9]+")
_LONGEST_SPELLING = 9  # of one character, such as &equals; or %25252F
_ENTITIES = {"+": "plus", "/": "sol", "=": "equals"}


def redact(answer: ProxyResponse, token: str) -> ProxyResponse:
    """The answer without the token: in the head of any answer, and in the body of an error."""
    if _may_hold(answer, len(token)):
        blot = _secret(token).blot_text
        headers = tuple((blot(name), blot(value)) for name, value in answer.headers)
        answer = replace(answer, headers=headers, reason=answer.reason and blot(answer.reason))
    return _redact_body(answer, _secret(token)) if answer.status >= 400 else answer


def _may_hold(answer: ProxyResponse, length: int) -> bool:
    """Whether anything in the head is as long as the token: no spelling makes it shorter."""
    for name, value in answer.headers:
        if len(value) >= length or len(name) >= length:
            return True
    return len(answer.reason or "") >= length


class _Secret:
    """One token, in whatever way JSON, URLs and HTML spell its characters."""

    def __init__(self, token: str) -> None:
        self._word = max(_WORD.findall(token), key=len, default="").encode()  # what no spelling changes: quick to find
        self._token = token
        self._most_bytes = len(token) * _LONGEST_SPELLING

    @cached_property
    def _pattern(self) -> re.Pattern[bytes]:
        return re.compile("".join(map(_spellings, self._token)).encode())

    def is_in(self, data: bytes) -> bool:
        return self._word in data and self._pattern.search(data) is not None

    def blot(self, data: bytes) -> bytes:
        return self._pattern.sub(lambda found: b"*" * len(found[0]), data) if self._word in data else data

    def blot_text(self, text: str) -> str:
        return self.blot(text.encode("latin-1")).decode("latin-1")

    def blot_pieces(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """The same over a body as it arrives; what may be the token's beginning waits for the next piece."""
        waiting = b""
        for piece in pieces:
            clean = self.blot(waiting + piece)
            ready, waiting = clean[: -self._most_bytes], clean[-self._most_bytes :]
            if ready:
                yield ready
        if waiting:
            yield waiting


@lru_cache(maxsize=4)
def _secret(token: str) -> _Secret:
    return _Secret(token)


def _spellings(character: str) -> str:
    if character.isalnum():
        return character
    code = f"{ord(character):02x}"
    entity = _ENTITIES.get(character, "")
    ways = [
        rf"\\?{re.escape(character)}",
        rf"%(?:25){{0,2}}(?i:{code})",
        rf"\\u00(?i:{code})",
        f"&#{ord(character)};",
        f"&#[xX](?i:{code});",
        *([f"&{entity};"] if entity else []),
    ]
    return f"(?:{'|'.join(ways)})"


class _RedactedBody:
    """A body on its way, without the token."""

    __slots__ = ("_body", "_secret")

    def __init__(self, body: Body, secret: _Secret) -> None:
        self._body = body
        self._secret = secret

    def __iter__(self) -> Iterator[bytes]:
        return self._secret.blot_pieces(self._body)

    def close(self) -> None:
        self._body.close()


def _redact_body(answer: ProxyResponse, secret: _Secret) -> ProxyResponse:
    codings = ",".join(value.strip().lower() for name, value in answer.headers if name.lower() == "content-encoding")
    data = answer.body.data if isinstance(answer.body, Held) else None
    if data == b"":
        return answer
    if codings in ("", "identity"):
        body: Body = _RedactedBody(answer.body, secret) if data is None else Held(secret.blot(data))
        return replace(answer, body=body)
    plain = None if data is None else _decode(codings, data)
    if plain is not None:
        return _without_coding(answer, secret.blot(plain)) if secret.is_in(plain) else answer
    if answer.status not in _REFUSALS:
        return answer
    answer.body.close()
    return _withhold(answer)


def _decode(codings: str, data: bytes) -> bytes | None:
    """The decoded body; None where that cannot be done, or would take too much memory."""
    for bits in {"gzip": (31,), "x-gzip": (31,), "deflate": (15, -15)}.get(codings, ()):
        decoder = zlib.decompressobj(bits)
        try:
            plain = decoder.decompress(data, _MOST_DECODED_BYTES)
        except zlib.error:
            continue
        return plain if decoder.eof and not decoder.unused_data else None
    return None


def _without_coding(answer: ProxyResponse, plain: bytes) -> ProxyResponse:
    headers = _beside(answer.headers, "content-encoding", "content-length")
    return replace(answer, headers=headers, body=Held(plain), length_bytes=len(plain))


def _withhold(answer: ProxyResponse) -> ProxyResponse:
    """In place of a refusal that cannot be read: closed by default."""
    reason = (
        "The domain refused the request. Its reasons are compressed in a way that access-es cannot check for AWS "
        "credentials, so they are not passed on. Send the request again without Accept-Encoding to see them."
    )
    data = json.dumps(error_body(answer.status, "reasons_withheld", reason, layer="domain")).encode() + b"\n"
    headers = _beside(answer.headers, "content-encoding", "content-length", "content-type")
    headers = (*headers, ("Content-Type", "application/json"))
    return replace(answer, headers=headers, body=Held(data), length_bytes=len(data))


def _beside(headers: Headers, *names: str) -> Headers:
    return tuple(pair for pair in headers if pair[0].lower() not in names)
