"""Which headers are forwarded: all but a list. A header that an allow-list forgot would break clients."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

from access_es.header_lines import ByNames, Names, Take, places_of, taking
from access_es.messages import ATTEMPT_COOKIE, OWN_COOKIES, Headers

# RFC 9110, 7.6.1, and what older software puts in its place: they speak of one connection.
_HOP_BY_HOP = frozenset(
    ("connection", "keep-alive", "proxy-authenticate", "proxy-authorization", "proxy-connection", "te", "trailer",
     "transfer-encoding", "upgrade")
)  # fmt: skip
# The request's own framing, what we sign with, and what a client could forge about who and where it is.
_OURS = frozenset(
    ("host", "authorization", "date", "expect", "content-length", "forwarded", "via", "x-real-ip",
     "x-http-method-override", "x-http-method", "x-method-override")
)  # fmt: skip
_OUR_PREFIXES = ("x-amz-", "x-amzn-", "x-forwarded-", "cloudfront-")
# Alt-Svc would lead browsers past us, to the domain's own ports. WWW-Authenticate speaks of our signature: a browser
# would ask the person for a password, try it on us, and from then on send it with the forms of every other site.
# Service-Worker-Allowed would let a script of the domain read our own pages (w3.org/TR/service-workers, 7.1).
_NEVER_RETURNED = frozenset(("alt-svc", "content-length", "www-authenticate", "service-worker-allowed"))
_REWRITTEN = frozenset(("location", "content-location", "set-cookie"))
_OWN_NAME = rf"(?:{'|'.join(map(re.escape, OWN_COOKIES))}|(?:__Host-)?{ATTEMPT_COOKIE}[!#$%&'*+.^_`|~0-9A-Za-z-]*)"
_IS_OWN_NAME = re.compile(_OWN_NAME)
# With what separates it from the cookie before it. A longer name that ends like ours is another (RFC 9110, 5.6.2).
_OWN_COOKIE = re.compile(rf"(?:[;,][ \t]*)?(?<![!#$%&'*+.^_`|~0-9A-Za-z-]){_OWN_NAME}[ \t]*=[^;,]*")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def request_headers(headers: Headers) -> list[tuple[str, str]]:
    """The client's headers that the domain gets, in order, with repeats."""
    plan = _SENT.of(headers)
    kept = plan.take(headers)
    named = plan.named_by_connection(headers)
    if not named and "cookie" not in plan.names:
        return list(kept)
    changed = []
    for folded, (name, value) in zip(plan.names, kept, strict=True):
        if folded == "cookie":
            value = _without_own_cookies(value)
        if folded not in named and (value or folded != "cookie"):
            changed.append((name, value))
    return changed


def response_headers(headers: Headers, domain_url: str, our_url: str, mount: str = "") -> Headers:
    """The domain's headers that the client gets. Whoever sends the body adds its length.

    `our_url` ends with `mount`, what a front door puts before all our paths. Where the client named no host it is
    `http:///mount`, and addresses on the domain become relative ones.
    """
    plan = _RETURNED.of(headers)
    kept = plan.take(headers)
    named = plan.named_by_connection(headers)
    if not named and _REWRITTEN.isdisjoint(plan.names) and "".join([value for _, value in kept]).isprintable():
        return kept
    changed = []
    for folded, (name, value) in zip(plan.names, kept, strict=True):
        if folded in named:
            continue
        if not value.isprintable():
            value = _CONTROL.sub("", value)
        if folded in ("location", "content-location"):
            value = _to_our_host(value, domain_url, our_url, mount)
        elif folded == "set-cookie":
            if _IS_OWN_NAME.fullmatch(_cookie_name(value)):
                continue  # the domain has no say in who is signed in
            value = _for_our_host(value, domain_url, is_tls=our_url.startswith("https://"))
        changed.append((name, value))
    return tuple(changed)


class _Plan(NamedTuple):
    """What the names of header lines decide. `take` takes those to pass on, which have these `names`, folded."""

    take: Take
    names: tuple[str, ...]
    connections: tuple[int, ...]  # where among all

    def named_by_connection(self, headers: Headers) -> set[str]:
        """Names that are not passed on because `Connection` names them."""
        if not self.connections:
            return set()
        tokens = {_folded(token.strip()) for place in self.connections for token in headers[place][1].split(",")}
        return tokens.intersection(self.names)


def _plan(names: Names, is_dropped: Callable[[str], bool]) -> _Plan:
    plain = tuple(map(_folded, names))
    kept = [place for place, name in enumerate(plain) if not is_dropped(name)]
    return _Plan(taking(kept), tuple([plain[place] for place in kept]), places_of(names, "connection"))


_SENT = ByNames(
    lambda names: _plan(names, lambda name: name in _HOP_BY_HOP or name in _OURS or name.startswith(_OUR_PREFIXES))
)
_RETURNED = ByNames(lambda names: _plan(names, lambda name: name in _HOP_BY_HOP or name in _NEVER_RETURNED))


def _folded(name: str) -> str:
    """In lower case, with dashes: servers that take `x_y` for `x-y` must not be fooled."""
    return name.lower().replace("_", "-")


def _without_own_cookies(value: str) -> str:
    """The cookies without ours, wherever it stands: clients and doors join header lines with commas, too."""
    if not any(name in value for name in OWN_COOKIES):
        return value
    return _OWN_COOKIE.sub("", value).lstrip(";, \t").rstrip(" \t")


def _cookie_name(cookie: str) -> str:
    """The name that a Set-Cookie gives in the end: browsers keep `=a=b` without a name, and send it as `a=b`."""
    return cookie.partition(";")[0].lstrip("= \t").partition("=")[0].strip()


def _to_our_host(value: str, domain_url: str, our_url: str, mount: str) -> str:
    """An address on the domain becomes the same address on our host."""
    if mount and value.startswith("/") and not value.startswith("//"):
        return mount + value
    scheme, _, host = domain_url.partition("://")
    match = re.match(rf"(?:https?:)?//{re.escape(host)}(?::\d+)?(?=[/?#]|$)", value, re.IGNORECASE)
    if not match or not scheme:
        return value
    rest = value[match.end() :]
    return _relative(mount, rest) if _has_no_host(our_url) else our_url + rest


def _has_no_host(url: str) -> bool:
    return url.partition("://")[2][:1] in ("", "/")


def _relative(mount: str, rest: str) -> str:
    """A path on this host. `//host` would name another, and `/.//host` does not (url.spec.whatwg.org, 4.4)."""
    path = mount + rest if rest.startswith("/") else f"{mount}/{rest}"
    return f"/.{path}" if path.startswith("//") else path


def _for_our_host(cookie: str, domain_url: str, *, is_tls: bool) -> str:
    """The cookie as a browser keeps it that knows our host, and not the domain's.

    It refuses one for the domain's host name. Without TLS on its side it never sends back a `Secure` one, and refuses
    `SameSite=None` and `Partitioned` without `Secure` (RFC 6265bis, 5.7): the domain's own sign-in would go in circles.
    """
    host = domain_url.partition("://")[2].partition(":")[0]
    first, *attributes = cookie.split(";")
    kept = (part for part in attributes if not _is_domain_of(part, host) and (is_tls or not _needs_tls(part)))
    return ";".join((first, *kept))


def _is_domain_of(attribute: str, host: str) -> bool:
    name, _, value = attribute.partition("=")
    domain = value.strip().lower().lstrip(".")
    return name.strip().lower() == "domain" and (host == domain or host.endswith("." + domain))


def _needs_tls(attribute: str) -> bool:
    name, _, value = attribute.lower().partition("=")
    return name.strip() in ("secure", "partitioned") or (name.strip() == "samesite" and value.strip() == "none")
