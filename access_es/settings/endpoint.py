"""Where the domain is, and what its address tells: scheme, host, region and service.

Address forms: docs.aws.amazon.com/opensearch-service/latest/developerguide (createupdatedomains, ip-addressing,
serverless-overview).
"""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from access_es.lazy_dataclass import dataclass
from access_es.partitions import ON_SUFFIX, REGION, SUFFIX

_REGION = rf"(?P<region>{REGION})"
_FORMS = (
    # search-name-id.us-east-1.es.amazonaws.com, vpc-…; .com.cn in China, .eu in the European Sovereign Cloud
    (rf"^[a-z0-9-]+\.{_REGION}\.es\.{SUFFIX}$", "es"),
    # dual-stack: search-name-id.aos.us-east-1.on.aws
    (rf"^[a-z0-9-]+\.aos\.{_REGION}\.{ON_SUFFIX}$", "es"),
    # serverless collection: id.us-east-1.aoss.amazonaws.com
    (rf"^[a-z0-9-]+\.{_REGION}\.aoss\.{SUFFIX}$", "aoss"),
)
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The domain's address. `host` is the Host header's value: the port is in it only if it is not the default."""

    scheme: str
    host: str
    region: str | None = None
    service: str | None = None

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.host}"


def parse_endpoint(text: str) -> Endpoint:
    """Read a domain URL or bare host. Raises ValueError with a sentence that says what is wrong."""
    parts = urlsplit(text if "://" in text else f"https://{text}")
    if parts.scheme not in _DEFAULT_PORTS:
        raise ValueError(f"its scheme is {parts.scheme!r}, it must be https or http")
    if not parts.hostname or not re.fullmatch(r"[A-Za-z0-9.:_-]+", parts.hostname):
        raise ValueError(f"{text!r} has no host name")
    if parts.username is not None or parts.password is not None:
        raise ValueError("it holds a user name or password, which a signed request cannot use")
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise ValueError(f"{parts.path + ('?' if parts.query else '')!r} follows the host; give the address alone")
    host = parts.hostname.lower()
    region, service = _infer(host)
    netloc = f"[{host}]" if ":" in host else host
    port = parts.port  # raises ValueError itself when it is no port
    if port not in (None, _DEFAULT_PORTS[parts.scheme]):
        netloc = f"{netloc}:{port}"
    return Endpoint(parts.scheme, netloc, region, service)


def parse_address(text: str) -> str:
    """Read `<host>` or `<host>:<port>`. Raises ValueError with a sentence that says what is wrong."""
    parts = urlsplit(f"//{text}")
    if "/" in text or parts.netloc != text or not parts.hostname or parts.username is not None:
        raise ValueError(f"{text!r} is not a host, perhaps with a port, such as 127.0.0.1:9443")
    if not re.fullmatch(r"[A-Za-z0-9.:_-]+", parts.hostname) or parts.port == 0:
        raise ValueError(f"{text!r} is not a host, perhaps with a port, such as 127.0.0.1:9443")
    return text


def _infer(host: str) -> tuple[str | None, str | None]:
    for form, service in _FORMS:
        if match := re.match(form, host):  # compiled when it is needed: most addresses have the first form
            return match["region"], service
    return None, None
