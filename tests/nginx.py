"""A real nginx with TLS, set up as docs/own-server.md says."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.eventually import eventually

DOCUMENT = Path(__file__).parent.parent / "docs" / "own-server.md"


@contextmanager
def running_nginx(folder: Path, certificate: Path, upstreams: Mapping[int, int]) -> Iterator[None]:
    """Serve https at ports of this machine: each is given with the port that its requests go on to.

    `certificate` is a PEM file of the key and its certificate.
    """
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        pytest.fail("This test needs nginx. On Debian: apt-get install nginx-light", pytrace=False)
    config = folder / "nginx.conf"
    servers = "\n".join(_server(port, upstream, certificate) for port, upstream in upstreams.items())
    places = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config.write_text(
        f"daemon off;\nmaster_process off;\npid {folder}/nginx.pid;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{places}{servers}\n}}\n"
    )
    command = [program, "-e", str(folder / "nginx.log"), "-p", str(folder), "-c", str(config)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        eventually(lambda: all(_is_open(port) for port in upstreams))
        yield
    finally:
        process.terminate()
        process.wait(10)


def _server(port: int, upstream: int, certificate: Path) -> str:
    """The document's own block, at another port and with a certificate."""
    found = re.search(r"^server \{\n.*?^\}", DOCUMENT.read_text(), re.MULTILINE | re.DOTALL)
    assert found
    changes = {
        "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
        "server_name kibana.example.com;": "server_name localhost;",
        "# ssl_certificate …": f"ssl_certificate {certificate}; ssl_certificate_key {certificate};",
        "http://127.0.0.1:8080;": f"http://127.0.0.1:{upstream};",
    }
    block = found[0]
    for documented, here in changes.items():
        assert documented in block
        block = block.replace(documented, here)
    return block


def _is_open(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True
