"""The address of a client as proxies and load balancers write it: alone, with a port, in brackets, in quotes."""

from __future__ import annotations

import re
from ipaddress import ip_address

# [v6] and [v6]:port as RFC 7239, 6 writes them; v4:port as Azure's gateways and ALB (xff_client_port) add it.
_WITH_PORT = re.compile(r"\[(?P<v6>[0-9A-Fa-f:.%\w]+)\](?::\d{1,5})?|(?P<v4>[\d.]+):\d{1,5}")


def read_address(text: str) -> str | None:
    """The IP address in one entry of X-Forwarded-For, without its port; None for what is no address."""
    bare = text.strip(" \t").strip('"')
    match = _WITH_PORT.fullmatch(bare)
    address = (match["v6"] or match["v4"]) if match else bare
    try:
        ip_address(address)
    except ValueError:
        return None
    return address
