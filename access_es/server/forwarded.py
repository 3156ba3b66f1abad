"""Reads what a trusted proxy in front of this server says of its clients. What others say is ignored."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from access_es.ingress.client_address import read_address

Network = IPv4Network | IPv6Network
_FOR, _PROTO = "x-forwarded-for", "x-forwarded-proto"


def read_forwarded(headers: Sequence[tuple[str, str]], peer: str, trusted: Sequence[Network]) -> tuple[str | None, str]:
    """The scheme that the client used, if somebody we trust tells it, and the address of the client.

    Each proxy adds the address that it was asked from to the right, so the client is the last one that is not itself
    trusted; what stands further left is the client's to invent.
    """
    if not trusted or not is_among(peer, trusted):
        return None, peer
    client = peer
    for entry in reversed(_listed(headers, _FOR)):
        address = read_address(entry)
        if address is None:
            break
        client = address
        if not is_among(address, trusted):
            break
    schemes = _listed(headers, _PROTO)
    scheme = schemes[-1].lower() if schemes else None
    return (scheme if scheme in ("http", "https") else None), client


def _listed(headers: Sequence[tuple[str, str]], name: str) -> list[str]:
    """All values of a header that is a list, over however many lines."""
    return [part.strip() for key, value in headers if key.lower() == name for part in value.split(",")]


def is_among(address: str, networks: Sequence[Network]) -> bool:
    parsed = _parse(address)
    return parsed is not None and any(parsed in network for network in networks)


def _parse(text: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(text)
    except ValueError:
        return None
    return (parsed.ipv4_mapped or parsed) if isinstance(parsed, IPv6Address) else parsed
