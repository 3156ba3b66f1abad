"""Diagnoses a 403 of the domain: which layer refused, and whether new credentials could help.

The texts are Amazon's own, as users report them; a body that none fits is said to be unknown, not guessed at.
"""

from __future__ import annotations

import re

from access_es.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`layer` is one of iam, domain, clock, region, token, signature, unknown; `hint` says what to look at."""

    layer: str
    hint: str
    is_renewable: bool = False

    @property
    def refused_by(self) -> str:
        """Who refused: AWS before the request reached the domain's software, or that."""
        return "domain" if self.layer in ("domain", "unknown") else "iam"


_UNKNOWN = Diagnosis("unknown", "the domain gave no reason that access-es knows")
_RULES = (
    (r"security token included in the request is (expired|invalid)|ExpiredToken|UnrecognizedClientException",
     Diagnosis("token", "the AWS credentials have expired or are not valid", is_renewable=True)),
    (r"Signature (expired|not yet current)|RequestTimeTooSkewed",
     Diagnosis("clock", "the clock of this machine is off by more than 5 minutes", is_renewable=True)),
    (r"Credential should be scoped to",
     Diagnosis("region", "ES_REGION or ES_SERVICE does not match the domain's")),
    (r"signature we calculated does not match",
     Diagnosis("signature", "the secret key is wrong, or a hop changed the request after it was signed")),
    (r"no permissions for \[|security_exception",
     Diagnosis("domain", "fine-grained access control: map the role in the domain's security settings")),
    (r"is not authorized to perform: (es|aoss):|explicit deny|no identity-based policy|no resource-based policy",
     Diagnosis("iam", "the role's policy or the domain's access policy does not allow this")),
    (r"Missing Authentication Token|anonymous is not authorized",
     Diagnosis("signature", "the request arrived unsigned: ES_SIGN is off, or a hop dropped the signature")),
)  # fmt: skip
_PATTERNS = tuple((re.compile(pattern, re.IGNORECASE), diagnosis) for pattern, diagnosis in _RULES)


def diagnose(body: bytes) -> Diagnosis:
    """The likely reason, from the first kilobytes of a 403's body."""
    text = body[:8192].decode("utf-8", "replace")
    if "anonymous" in text:
        return _PATTERNS[-1][1]
    return next((diagnosis for pattern, diagnosis in _PATTERNS if pattern.search(text)), _UNKNOWN)
