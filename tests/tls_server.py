"""A server with TLS whose certificate comes from an authority of its own, and a SOCKS5 proxy that notes where it leads."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass(frozen=True)
class TlsServer:
    """`authority` is the file of the certificate to trust; `asked` holds the Host header of each request."""

    port: int
    authority: Path
    asked: list[str] = field(default_factory=list)


@contextmanager
def tls_server(folder: Path, name: str = "localhost", expired: bool = False) -> Iterator[TlsServer]:
    """Answers every GET with `{}`. Its certificate is for `name` alone."""
    authority, certificate = write_certificates(folder, name, expired=expired)
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.headers["Host"])
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:
            """Nobody reads it."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield TlsServer(server.server_port, authority, asked)
    finally:
        server.shutdown()
        server.server_close()


def write_certificates(folder: Path, name: str = "localhost", *, expired: bool = False) -> tuple[Path, Path]:
    """Two PEM files: the certificate of a new authority, and a key with its certificate for `name`."""
    key, root = make_certificate("The authority of these tests")
    own_key, own = make_certificate(name, (key, root), expired=expired)
    authority, certificate = folder / "authority.pem", folder / "server.pem"
    authority.write_bytes(root.public_bytes(serialization.Encoding.PEM))
    certificate.write_bytes(
        own_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + own.public_bytes(serialization.Encoding.PEM)
    )
    return authority, certificate


def make_certificate(
    name: str,
    issuer: tuple[ec.EllipticCurvePrivateKey, x509.Certificate] | None = None,
    *,
    expired: bool = False,
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key and its certificate for one day; without an issuer, an authority's own."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer, parent = issuer or (key, None)
    now = datetime.now(UTC) - timedelta(days=30 if expired else 0)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(parent.subject if parent else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=parent is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False)
    )
    if parent is None:
        usage = x509.KeyUsage(
            digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
            key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    else:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return key, builder.sign(signer, hashes.SHA256())


@dataclass(frozen=True)
class SocksProxy:
    url: str
    asked: list[str]


@contextmanager
def socks_proxy(port: int) -> Iterator[SocksProxy]:
    """SOCKS5 without a password (RFC 1928) that connects everything to one port here, as `ssh -D` does to its far end."""
    asked: list[str] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_accept, args=(listener, port, asked), daemon=True).start()
        yield SocksProxy(f"socks5h://127.0.0.1:{listener.getsockname()[1]}", asked)
        listener.shutdown(socket.SHUT_RDWR)


def _accept(listener: socket.socket, port: int, asked: list[str]) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        threading.Thread(target=_lead, args=(client, port, asked), daemon=True).start()


def _lead(client: socket.socket, port: int, asked: list[str]) -> None:
    with client, client.makefile("rb") as reader:
        reader.read(reader.read(2)[1])  # the methods offered
        client.sendall(b"\x05\x00")
        reader.read(4)
        name = reader.read(reader.read(1)[0]).decode()
        asked.append(f"{name}:{int.from_bytes(reader.read(2), 'big')}")
        with socket.create_connection(("127.0.0.1", port)) as server:
            client.sendall(b"\x05\x00\x00\x01" + bytes(6))
            back = threading.Thread(target=_pump, args=(server, client), daemon=True)
            back.start()
            _pump(client, server)
            back.join(5)


def _pump(source: socket.socket, target: socket.socket) -> None:
    try:
        while data := source.recv(65_536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        return
