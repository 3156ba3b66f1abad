"""How this machine reaches the domain: the certificates it trusts, and the outgoing proxy, from the usual variables.

| variable | what it gives |
|---|---|
| `CA_VARIABLES` | trusted certificates; the first that is set counts: the AWS CLI's, requests', curl's, OpenSSL's |
| `HTTPS_PROXY`, `ALL_PROXY`, `NO_PROXY`, or in small letters | the outgoing proxy to a domain with https; SOCKS to any
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from access_es.errors import SettingsError
from access_es.lazy_dataclass import dataclass

CA_VARIABLES = ("AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXY_SCHEMES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
SOCKS_FIX = "pip install PySocks"


@dataclass(frozen=True, slots=True)
class Network:
    """`ca_bundle` is a file or folder of trusted certificates, None for those that certifi brings. Each with the name
    of the variable it comes from. `proxy` is the outgoing proxy's URL, which may hold a password."""

    ca_bundle: str | None = None
    ca_variable: str | None = None
    proxy: str | None = None
    proxy_variable: str | None = None

    def __repr__(self) -> str:
        return f"Network({self.ca_variable}={self.ca_bundle}, {self.proxy_variable})"


def read_network(environ: Mapping[str, str], url: str) -> Network:
    """The way to the domain at `url`. Raises SettingsError with each variable that cannot be used, and its fix."""
    faults: list[str] = []
    scheme = urlsplit(url).scheme
    ca_variable, ca_bundle = _find_ca_bundle(environ, faults) if scheme == "https" else (None, None)
    proxy_variable, proxy = _find_proxy(environ, url, faults)
    if proxy and scheme != "https" and not proxy.startswith("socks"):
        proxy_variable = proxy = None  # a plain HTTP proxy would have to be given another target than the signed one
    if faults:
        raise SettingsError(faults)
    return Network(ca_bundle, ca_variable, proxy, proxy_variable)


def _find_ca_bundle(environ: Mapping[str, str], faults: list[str]) -> tuple[str | None, str | None]:
    name = next((name for name in CA_VARIABLES if environ.get(name)), None)
    if name is None:
        return None, None
    place = environ[name]
    wrong = _unusable(Path(place))
    if wrong:
        faults.append(f"{name}: {place} {wrong}; give a file of PEM certificates, or unset {name}.")
    return name, place


def _unusable(place: Path) -> str:
    """Why no certificates can be read from a file or folder; "" where they can."""
    if not place.exists():
        return "does not exist"
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(None if place.is_dir() else place, place if place.is_dir() else None)
    except ssl.SSLError:
        return "holds no PEM certificate"
    except OSError as fault:
        return f"cannot be read ({fault.strerror})"
    return ""


def _find_proxy(environ: Mapping[str, str], url: str, faults: list[str]) -> tuple[str | None, str | None]:
    found = _named_proxy(environ, urlsplit(url).scheme)
    if found is None or _is_excepted(environ, url):
        return None, None
    name, proxy = found
    if "://" not in proxy:
        proxy = f"http://{proxy}"
    wrong = _wrong_proxy(proxy)
    if wrong:
        faults.append(f"{name}: {wrong}.")
    return name, proxy


def _named_proxy(environ: Mapping[str, str], scheme: str) -> tuple[str, str] | None:
    """The variable of the domain's own scheme counts before that of all; small letters before capitals, as in curl."""
    names = [spelled for name in (f"{scheme}_proxy", "all_proxy") for spelled in (name, name.upper())]
    if "REQUEST_METHOD" in environ:  # a CGI script's HTTP_PROXY is what a client sent as "Proxy" (httpoxy.org)
        names = [name for name in names if name != "HTTP_PROXY"]
    return next(((name, environ[name].strip()) for name in names if environ.get(name, "").strip()), None)


def _is_excepted(environ: Mapping[str, str], url: str) -> bool:
    from requests.utils import should_bypass_proxies

    return bool(should_bypass_proxies(url, no_proxy=environ.get("no_proxy") or environ.get("NO_PROXY") or ""))


def _wrong_proxy(proxy: str) -> str:
    """What is wrong with a proxy's address, without the password that may be in it."""
    try:
        parts = urlsplit(proxy)
        known, host, _ = parts.scheme in _PROXY_SCHEMES, parts.hostname, parts.port
    except ValueError:
        return "its port is not a number; give it as http://<host>:<port> or socks5h://<host>:<port>"
    if not known:
        return f"the scheme '{parts.scheme}' is not one of {', '.join(_PROXY_SCHEMES)}"
    if not host:
        return "it has no host; give it as http://<host>:<port> or socks5h://<host>:<port>"
    if parts.scheme.startswith("socks") and not _has_socks():
        return f"a SOCKS proxy needs the package PySocks; run {SOCKS_FIX}, or unset the variable"
    return ""


def _has_socks() -> bool:
    try:
        import socks  # type: ignore[import-untyped]  # noqa: F401
    except ImportError:
        return False
    return True
