"""Checks the domain: the network, the clock, the signature, and the allowed actions."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from access_es.errors import AccessEsError
from access_es.messages import ProxyResponse
from access_es.provision.finding import Finding, fault, good, unknown, warning
from access_es.settings.names import Settings
from access_es.upload import Upload
from access_es.upstream.client import Domain
from access_es.upstream.diagnosis import diagnose
from access_es.upstream.network import Network

_WARN_SECONDS, _REFUSED_SECONDS = 60, 300  # AWS refuses signatures that are off by more than 5 minutes
CLOCK_FIX = "set the clock of this machine, for example: sudo chronyc makestep"
_FIXES = {
    "iam": "allow es:ESHttp* on the domain's ARN/* in the policy of this identity, or name it in the domain's access "
    "policy; python -m access_es --stage dev provision --policy prints such a policy",
    "domain": "map this identity to a role in the domain's Security page (fine-grained access control)",
    "clock": CLOCK_FIX,
    "region": "set ES_REGION and ES_SERVICE to those of the domain",
    "token": "renew the AWS credentials, for example: aws sso login",
    "signature": "check the secret key, ES_SIGN, and proxies between here and the domain",
    "unknown": "see the domain's access policy, in the console under Security configuration",
}


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """The result of one request: the facts of the answer, or why there was none."""

    status: int = 0
    date: datetime | None = None
    text: bytes = field(default=b"", repr=False)
    failure: str = ""


def check_address(settings: Settings) -> Iterator[Finding]:
    """Whether explicit settings contradict the address of the domain."""
    endpoint = settings.endpoint
    for name, given, meant in (
        ("ES_REGION", settings.region, endpoint.region),
        ("ES_SERVICE", settings.service, endpoint.service),
    ):
        if settings.sign and meant and given != meant:
            yield fault(
                "region",
                f"{name} is {given}, but the address {endpoint.host} says {meant}",
                f"{name}={meant}, or leave it out",
            )
    if endpoint.scheme == "http" and not endpoint.host.startswith(("127.", "localhost", "[::1]")):
        what = f"{endpoint.url} is plain http: requests and answers can be read on the network"
        yield warning("domain", what, f"ES_ENDPOINT=https://{endpoint.host}")


def check_network(settings: Settings, network: Network) -> Iterator[Finding]:
    """Which variables of this machine decide how the domain is reached. Nothing where none does."""
    if network.ca_variable:
        yield good("network", f"trusts the certificates of {network.ca_variable} ({network.ca_bundle})")
    if network.proxy_variable:
        proxy = urlsplit(network.proxy or "")
        place = f"{proxy.scheme}://{proxy.hostname}" + (f":{proxy.port}" if proxy.port else "")
        yield good("network", f"connects through the proxy of {network.proxy_variable} ({place})")
    if settings.connect_to:
        yield good("network", f"connects to {settings.connect_to} in place of {settings.endpoint.host}")


def check_domain(settings: Settings, domain: Domain, now: datetime | None = None) -> Iterator[Finding]:
    """Send up to five harmless requests to the domain."""
    result = ask(domain, "GET", b"/_cat/indices" if settings.service == "aoss" else b"/")
    if result.failure:
        yield _unreachable(settings, result)
        return
    yield from check_clock(result, now or datetime.now(UTC))
    if result.status == 403:
        found = diagnose(result.text)
        yield fault("signature", f"the domain refuses (403): {found.hint}", _FIXES[found.layer])
    elif result.status == 401:
        fix = "enable IAM for the domain, or set ES_SIGN to false and let users sign in to the domain themselves"
        yield fault("signature", "the domain requires a password of its own (401)", fix)
    elif result.status >= 500:
        yield fault("domain", f"the domain answers {result.status}", "see the domain's health in the console")
    else:
        signed = (
            f"a request signed for {settings.service} in {settings.region}" if settings.sign else "an unsigned request"
        )
        yield good("signature", f"{settings.endpoint.host} answers {signed} ({result.status})")
        yield from _methods(domain)


def ask(domain: Domain, method: str, target: bytes) -> ProbeResult:
    try:
        answer = domain.send(method, target, (("Accept", "application/json"),), Upload())
    except AccessEsError as error:
        return ProbeResult(failure=f"{error.message} {error.detail}".strip())
    try:
        text = b"".join(answer.body)
    except AccessEsError as error:
        return ProbeResult(failure=error.message)
    finally:
        answer.body.close()
    return ProbeResult(answer.status, _date(answer), text)


def _date(answer: ProxyResponse) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.header("date") or "")
    except ValueError:
        return None


def _unreachable(settings: Settings, result: ProbeResult) -> Finding:
    if settings.endpoint.host.startswith("vpc-"):
        what = f"{settings.endpoint.host} is inside a VPC and cannot be reached from here: {result.failure}"
        return unknown("domain", what, "run the doctor from a machine in that VPC")
    return fault("domain", f"{settings.connect_url}: {result.failure}", _fix_connection(result.failure))


def _fix_connection(failure: str) -> str:
    """What to do about OpenSSL's and urllib3's reasons."""
    if "self-signed certificate" in failure or "unable to get local issuer certificate" in failure:
        return (
            "the certificate is from an authority that this machine does not trust, often that of a proxy that "
            "inspects TLS: set AWS_CA_BUNDLE to a file with its certificate"
        )
    if "Hostname mismatch" in failure or "doesn't match" in failure or "IP address mismatch" in failure:
        return "the certificate is for another name: set ES_ENDPOINT to that name, and ES_CONNECT_TO to this address"
    if "certificate has expired" in failure or "not yet valid" in failure:
        return "check the clock of this machine, then the certificate of the domain or of the proxy in between"
    if "WRONG_VERSION_NUMBER" in failure:
        return "the port does not speak TLS: give ES_ENDPOINT with http://, or the port that does"
    if "ProxyError" in failure or "SOCKS" in failure:
        return "check HTTPS_PROXY and ALL_PROXY, or name the domain in NO_PROXY"
    return "check ES_ENDPOINT, and the network from here to it"


def check_clock(result: ProbeResult, now: datetime) -> Iterator[Finding]:
    """Compare the clock with that of the domain, which every answer of Amazon's contains."""
    if result.date is None:
        yield unknown("clock", "the domain does not send its time")
        return
    off = (now - result.date).total_seconds()
    says = f"the clock of this machine is {abs(off):.0f} s {'ahead of' if off > 0 else 'behind'} the domain's"
    if abs(off) >= _REFUSED_SECONDS:
        yield fault("clock", f"{says}: the domain refuses the signatures", CLOCK_FIX)
    elif abs(off) >= _WARN_SECONDS:
        yield warning("clock", f"{says}; from {_REFUSED_SECONDS} s on, the domain refuses the signatures", CLOCK_FIX)
    else:
        yield good("clock", says)


def _methods(domain: Domain) -> Iterator[Finding]:
    """Requests that change nothing, allowed or not: an empty bulk, an index that does not exist."""
    absent = f"/access-es-doctor-{secrets.token_hex(8)}".encode()
    denied = []
    for method, target in (("HEAD", b"/"), ("POST", b"/_search?size=0"), ("PUT", b"/_bulk"), ("DELETE", absent)):
        if ask(domain, method, target).status == 403:
            denied.append(f"es:ESHttp{method.title()}")
    if denied:
        what = f"the domain denies {' and '.join(denied)} to this identity, so users cannot do this either"
        yield warning("permissions", what, "allow these actions on the domain's ARN/*, unless you deny them on purpose")
    else:
        yield good("permissions", "the domain accepts GET, HEAD, POST, PUT and DELETE")
