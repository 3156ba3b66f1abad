"""How Amazon's front of a domain says no, in its own words.

The texts are those that real domains printed, as their users quoted them in public threads (named at each).
Serverless collections say one thing for every cause: `{"status":403,...,"type":"Forbidden"}`.
"""

import base64
import hashlib
import json
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Refusal:
    """A `code` for logs and tests, and what the client is shown: a sentence under `message` or `Message`."""

    code: str
    sentence: str
    key: str = "message"
    status: int = 403

    def body(self) -> bytes:
        return json.dumps({self.key: self.sentence}, separators=(",", ":"), ensure_ascii=False).encode()


def serverless_body(request_id: str) -> bytes:
    """What an OpenSearch Serverless collection answers whatever was wrong (opensearch-js#356: nothing canonical)."""
    error = {"reason": "403 Forbidden", "type": "Forbidden"}
    return json.dumps({"status": 403, "request-id": request_id, "error": error}, separators=(",", ":")).encode()


def anonymous(action: str) -> Refusal:
    """No signature at all; the access policy wants one (aws-amplify/amplify-cli#664)."""
    return Refusal("anonymous", f"User: anonymous is not authorized to perform: {action}", key="Message")


def missing_token() -> Refusal:
    """Signing headers, but no Authorization to go with them."""
    return Refusal("missing_token", "Missing Authentication Token")


def incomplete(missing: tuple[str, ...], has_date: bool, authorization: bytes) -> Refusal:
    """Something in Authorization that is not SigV4, or half of it (aws-samples/amazon-elasticsearch-service-with-
    authentication#4). The older front echoed the header; today's shows a hash, which tells no password."""
    sentences = [f"Authorization header requires '{name}' parameter. " for name in missing]
    if not has_date:
        sentences.append("Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. ")
    digest = base64.b64encode(hashlib.sha256(authorization).digest()).decode()
    sentences.append(f"(Hashed with SHA-256 and encoded with Base64) Authorization={digest}")
    return Refusal("incomplete", "".join(sentences))


def malformed_part(part: str) -> Refusal:
    """A part of Authorization without `=` (amzn/selling-partner-api-models#1432)."""
    return Refusal("malformed", f"'{part}' not a valid key=value pair (missing equal-sign) in Authorization header.")


def malformed_credential(credential: str) -> Refusal:
    """mhart/aws4#97."""
    example = "e.g. keyid/date/region/service/term"
    return Refusal(
        "malformed", f"Credential must have exactly 5 slash-delimited elements, {example}, got '{credential}'"
    )


def malformed_date(value: str) -> Refusal:
    """mhart/dynalite keeps this text as recorded from AWS."""
    see = "See http://en.wikipedia.org/wiki/ISO_8601"
    return Refusal("malformed_date", f"Date must be in ISO-8601 'basic format'. Got '{value}'. {see}")


def signature_expired(sent: str, earliest: str, now: str) -> Refusal:
    """hassy/artillery-dino#2."""
    return Refusal("clock", f"Signature expired: {sent} is now earlier than {earliest} ({now} - 5 min.)")


def signature_not_yet_current(sent: str, latest: str, now: str) -> Refusal:
    """s12v/awsbeats#48."""
    return Refusal("clock", f"Signature not yet current: {sent} is still later than {latest} ({now} + 5 min.)")


def unsigned_header(names: str) -> Refusal:
    """`'Host' or ':authority'` is as quoted in opensearch-project/opensearch-php#248."""
    return Refusal("unsigned_header", f"{names} must be a 'SignedHeader' in the AWS Authorization.")


def wrong_scope(faults: list[str]) -> Refusal:
    """Every fault of the scope in one message, each with a blank after it, also the last (vectordotdev/vector#2403)."""
    return Refusal("scope", "".join(f"{fault} " for fault in faults))


def invalid_token() -> Refusal:
    """An unknown key, a wrong session token or none where one is due (elasticsearch-dump#328)."""
    return Refusal("invalid_token", "The security token included in the request is invalid.")


def expired_token() -> Refusal:
    """Without a full stop, as domains print it (YelpArchive/elastalert#983)."""
    return Refusal("expired_token", "The security token included in the request is expired")


def signature_mismatch(canonical_request: bytes, string_to_sign: str) -> Refusal:
    """With both strings as the service computed them (DavidMuller/aws-requests-auth#31)."""
    sentence = (
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access "
        "Key and signing method. Consult the service documentation for details.\n\n"
        f"The Canonical String for this request should have been\n'{canonical_request.decode('utf-8', 'replace')}'\n\n"
        f"The String-to-Sign should have been\n'{string_to_sign}'\n"
    )
    return Refusal("signature", sentence)


def content_hash_mismatch() -> Refusal:
    """S3's words for a well signed request whose x-amz-content-sha256 is not its body's hash."""
    return Refusal("content_sha256", "The provided 'x-amz-content-sha256' header does not match what was computed.")


def content_hash_missing() -> Refusal:
    """Only Serverless insists on the header (mhart/aws4#169), and it never says so: the sentence is for logs."""
    return Refusal("content_sha256", "x-amz-content-sha256 is required")


def content_length_signed() -> Refusal:
    """Serverless refuses a signed Content-Length (awsdocs/amazon-opensearch-service-developer-guide#86)."""
    return Refusal("content_length_signed", "Content-Length must not be signed")


def not_allowed(arn: str, action: str) -> Refusal:
    """A good signature of someone whom no policy allows this."""
    because = f"because no identity-based policy allows the {action} action"
    return Refusal("not_allowed", f"User: {arn} is not authorized to perform: {action} {because}", key="Message")
