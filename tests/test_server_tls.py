"""The server's own https: modern, renewed while it runs, with plain http sent there."""

from __future__ import annotations

import json
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from access_es.errors import SettingsError
from access_es.server.tls import Certificate
from tests.eventually import eventually
from tests.server_process import Running, read_to_end, running


def make_certificate(folder: Path, name: str) -> tuple[Path, Path]:
    chain, key = folder / "chain.pem", folder / "key.pem"
    new = [folder / "new-chain.pem", folder / "new-key.pem"]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
         "-subj", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", "-out", new[0], "-keyout", new[1]],
        check=True, capture_output=True,
    )  # fmt: skip
    new[0].replace(chain)
    new[1].replace(key)
    return chain, key


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("tls")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Running]:
    chain, key = make_certificate(folder, "first.example")
    with running(certificate=[str(chain), str(key)], redirect_port=free_port()) as server:
        yield server


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def connect(server: Running, minimum: ssl.TLSVersion, maximum: ssl.TLSVersion) -> ssl.SSLSocket:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.minimum_version, context.maximum_version = minimum, maximum
    return context.wrap_socket(server.connect())


def shown_name(server: Running) -> str:
    with connect(server, ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3) as client:
        shown = client.getpeercert(binary_form=True)
    assert shown
    return "first" if b"first.example" in shown else "second" if b"second.example" in shown else "?"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_requests_come_over_https(server: Running, version: ssl.TLSVersion) -> None:
    """The application sees the scheme, from which cookies become Secure."""
    with connect(server, version, version) as client:
        client.sendall(b"POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello")
        client.sendall(b"GET /giant?1048576 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        answers = read_to_end(client)
    first = answers.partition(b"\r\n\r\n")[2]
    seen = json.JSONDecoder().raw_decode(first.decode("latin-1"))[0]
    assert (seen["scheme"], seen["body"]) == ("https", "hello")
    assert len(answers) > 1048576


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
def test_old_versions_are_refused(server: Running) -> None:
    with pytest.raises((ssl.SSLError, OSError)):
        connect(server, ssl.TLSVersion.TLSv1_1, ssl.TLSVersion.TLSv1_1)


def test_plain_http_on_the_port_of_https_disturbs_nobody(server: Running) -> None:
    with server.connect() as client, pytest.raises((ConnectionResetError, BrokenPipeError, AssertionError)):
        client.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert client.recv(100).startswith(b"HTTP/1.1 ")
    assert shown_name(server)


def test_plain_http_is_redirected(server: Running) -> None:
    for host, target in ((b"a.example:8080", b"/x?y=%2F"), (b"[::1]:80", b"//other.example/")):
        with socket.create_connection(("127.0.0.1", server.options["redirect_port"]), 5) as client:
            client.sendall(b"GET " + target + b" HTTP/1.1\r\nHost: " + host + b"\r\nConnection: close\r\n\r\n")
            answer = read_to_end(client)
        assert answer.startswith(b"HTTP/1.1 308 ")
        name = host.rpartition(b":")[0]
        assert b"\r\nLocation: https://%b:%d%b\r\n" % (name, server.port, target) in answer


def test_a_renewed_certificate_is_used_without_a_restart(server: Running, folder: Path) -> None:
    """Files that are no pair change nothing."""
    before = shown_name(server)
    (folder / "key.pem").write_text("nonsense")
    time.sleep(2.5)
    assert shown_name(server) == before
    make_certificate(folder, "second.example")
    eventually(lambda: shown_name(server) == "second")


def test_a_pair_that_is_none_is_named(tmp_path: Path) -> None:
    chain, _ = make_certificate(tmp_path, "a.example")
    with pytest.raises(SettingsError, match=r"--certificate .*chain.pem --key .*chain.pem cannot be used"):
        Certificate(chain, chain).load()
