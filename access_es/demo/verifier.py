"""Is this request signed as Amazon's es service demands? Pure: the clock and the known keys come in.

Nothing here is shared with any signer. The order of the checks is the one AWS answers in, recorded for DynamoDB by
mhart/dynalite: what is missing, the date, what must be signed, the scope, the key, and the signature last.
"""

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

from access_es.demo import refusals
from access_es.demo.canonical import ALGORITHM, HeaderPairs, canonical_request, string_to_sign
from access_es.demo.credentials import Credential, Keyring
from access_es.demo.refusals import Refusal

ALLOWED_SKEW = timedelta(minutes=5)
TERMINATOR = "aws4_request"
BASIC_FORMAT = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class ArrivedRequest:
    """A request as it stood on the wire; `body_sha256` is the hex digest of the body that really came."""

    method: str
    target: bytes
    headers: HeaderPairs = field(repr=False)
    body_sha256: str

    def values(self, name: bytes) -> list[bytes]:
        return [value for known, value in self.headers if known.lower() == name]

    def value(self, name: bytes) -> str | None:
        found = self.values(name)
        return found[0].strip().decode("latin-1") if found else None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a domain answers to; service is `es` or `aoss`."""

    region: str = "us-east-1"
    service: str = "es"


@dataclass(frozen=True, slots=True)
class Claim:
    """An Authorization header, taken apart but not believed."""

    credential: tuple[str, str, str, str, str]
    signed_headers: tuple[str, ...]
    signature: str = field(repr=False)

    @property
    def scope(self) -> str:
        return "/".join(self.credential[1:])


class RefusedError(Exception):
    """Carries the refusal out of whichever check found it."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.code)
        self.refusal = refusal


def verify(request: ArrivedRequest, keyring: Keyring, scope: Scope, now: datetime) -> Credential | Refusal:
    """The credential that signed `request`, or how Amazon would refuse it. `now` is aware of its time zone."""
    try:
        claim = _read_claim(request, scope)
        timestamp = _check_date(request, now)
        _check_signed_headers(request, claim, scope)
        _check_scope(claim, scope, timestamp)
        credential = _check_key(request, claim, keyring)
        _check_signature(request, claim, credential, timestamp)
        _check_content_hash(request, scope)
        _check_permission(request, credential)
    except RefusedError as refused:
        return refused.refusal
    return credential


def action_of(method: str) -> str:
    """The IAM action that guards `method`: `es:ESHttpGet` for GET."""
    return f"es:ESHttp{method.capitalize()}"


def _read_claim(request: ArrivedRequest, scope: Scope) -> Claim:
    found = request.values(b"authorization")
    if not found:
        signing = request.values(b"x-amz-date") or request.values(b"x-amz-security-token")
        raise RefusedError(refusals.missing_token() if signing else refusals.anonymous(action_of(request.method)))
    parts = _authorization_parts(found[0], strict_commas=scope.service == "aoss")
    has_date = bool(request.values(b"x-amz-date") or request.values(b"date"))
    missing = tuple(name for name in ("Credential", "Signature", "SignedHeaders") if name not in parts)
    if missing or not has_date or len(found) > 1:
        raise RefusedError(refusals.incomplete(missing, has_date, b",".join(found)))
    elements = parts["Credential"].split("/")
    if len(elements) != 5:
        raise RefusedError(refusals.malformed_credential(parts["Credential"]))
    key, date, region, service, term = elements
    return Claim((key, date, region, service, term), tuple(parts["SignedHeaders"].split(";")), parts["Signature"])


def _authorization_parts(value: bytes, strict_commas: bool) -> dict[str, str]:
    """The `name=value` parts after the algorithm; empty for another scheme, or for a part that comes twice."""
    scheme, _, rest = value.decode("latin-1").partition(" ")
    if scheme != ALGORITHM:
        return {}
    parts: dict[str, str] = {}
    # Serverless wants ", " between the parts, es takes "," as well (soto-project/soto-core#655).
    for part in rest.split(", " if strict_commas else ","):
        name, equals, content = part.strip(" ").partition("=")
        if not equals:
            raise RefusedError(refusals.malformed_part(part))
        if name in parts:
            return {}
        parts[name] = content
    return parts


def _check_date(request: ArrivedRequest, now: datetime) -> str:
    """The request's time as it enters the string to sign; X-Amz-Date goes before Date."""
    value = request.value(b"x-amz-date") or request.value(b"date") or ""
    sent = _parse_date(value)
    if sent is None:
        raise RefusedError(refusals.malformed_date(value))
    stamp = sent.strftime(BASIC_FORMAT)
    earliest, latest = now - ALLOWED_SKEW, now + ALLOWED_SKEW
    if sent < earliest.replace(microsecond=0):
        times = earliest.strftime(BASIC_FORMAT), now.strftime(BASIC_FORMAT)
        raise RefusedError(refusals.signature_expired(stamp, *times))
    if sent > latest:
        times = latest.strftime(BASIC_FORMAT), now.strftime(BASIC_FORMAT)
        raise RefusedError(refusals.signature_not_yet_current(stamp, *times))
    return stamp


@lru_cache(maxsize=1024)
def _parse_date(value: str) -> datetime | None:
    try:
        return datetime.strptime(value, BASIC_FORMAT).replace(tzinfo=UTC)
    except ValueError:
        pass
    try:
        sent = parsedate_to_datetime(value)
    except ValueError:
        return None
    return sent.replace(tzinfo=sent.tzinfo or UTC).astimezone(UTC)


def _check_signed_headers(request: ArrivedRequest, claim: Claim, scope: Scope) -> None:
    if "host" not in claim.signed_headers:
        raise RefusedError(refusals.unsigned_header("'Host' or ':authority'"))
    date_header = "x-amz-date" if request.values(b"x-amz-date") else "date"
    if date_header not in claim.signed_headers:
        raise RefusedError(refusals.unsigned_header("'X-Amz-Date' or 'Date'"))
    if scope.service == "aoss" and "content-length" in claim.signed_headers:
        raise RefusedError(refusals.content_length_signed())


def _check_scope(claim: Claim, scope: Scope, timestamp: str) -> None:
    _, date, region, service, term = claim.credential
    faults = []
    if region != scope.region:
        faults.append(f"Credential should be scoped to a valid region, not '{region}'.")
    if service != scope.service:
        faults.append(f"Credential should be scoped to correct service: '{scope.service}'.")
    if term != TERMINATOR:
        faults.append(f"Credential should be scoped with a valid terminator: '{TERMINATOR}', not '{term}'.")
    if date != timestamp[:8]:
        day = "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP"
        faults.append(f"{day}: '{date}' != '{timestamp[:8]}', from '{timestamp}'.")
    if faults:
        raise RefusedError(refusals.wrong_scope(faults))


def _check_key(request: ArrivedRequest, claim: Claim, keyring: Keyring) -> Credential:
    credential = keyring.find(claim.credential[0])
    tokens = request.values(b"x-amz-security-token")
    if credential is None or tokens != _tokens_of(credential):
        raise RefusedError(refusals.invalid_token())
    if credential.expired:
        raise RefusedError(refusals.expired_token())
    return credential


def _tokens_of(credential: Credential) -> list[bytes]:
    return [] if credential.session_token is None else [credential.session_token.encode("latin-1")]


def _check_signature(request: ArrivedRequest, claim: Claim, credential: Credential, timestamp: str) -> None:
    """The signature is over what arrived, with the names sorted; a list that names an absent header never passes."""
    names = _present(request, claim.signed_headers)
    canonical = canonical_request(request.method, request.target, request.headers, names, request.body_sha256)
    text = string_to_sign(timestamp, claim.scope, canonical)
    _, date, region, service, _ = claim.credential
    expected = hmac.new(_signing_key(credential.secret_key, date, region, service), text.encode(), hashlib.sha256)
    same = hmac.compare_digest(expected.hexdigest().encode(), claim.signature.encode("latin-1"))
    if not same or names != claim.signed_headers:
        raise RefusedError(refusals.signature_mismatch(canonical, text))


def _present(request: ArrivedRequest, claimed: Iterable[str]) -> tuple[str, ...]:
    arrived = {name.lower().decode("latin-1") for name, _ in request.headers}
    return tuple(sorted({name.lower() for name in claimed} & arrived))


@lru_cache(maxsize=64)
def _signing_key(secret: str, date: str, region: str, service: str) -> bytes:
    key = f"AWS4{secret}".encode()
    for part in (date, region, service, TERMINATOR):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def _check_content_hash(request: ArrivedRequest, scope: Scope) -> None:
    claimed = request.values(b"x-amz-content-sha256")
    if not claimed and scope.service == "aoss":
        raise RefusedError(refusals.content_hash_missing())
    if any(value.strip() != request.body_sha256.encode() for value in claimed):
        raise RefusedError(refusals.content_hash_mismatch())


def _check_permission(request: ArrivedRequest, credential: Credential) -> None:
    action = action_of(request.method)
    if credential.allowed_actions is not None and action not in credential.allowed_actions:
        raise RefusedError(refusals.not_allowed(credential.arn, action))
