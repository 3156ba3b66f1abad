"""How the domain is reached: the certificates trusted, outgoing proxies, another address to connect to."""

from __future__ import annotations

import os
import socket
import ssl
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from access_es.doctor.domain import check_domain, check_network
from access_es.errors import DomainUnreachable, SettingsError
from access_es.messages import Held
from access_es.settings.names import Settings
from access_es.settings.read import read_settings
from access_es.upload import Upload
from access_es.upstream.client import Domain
from access_es.upstream.network import CA_VARIABLES, Network, read_network
from tests.running_proxy import ROOT
from tests.scripted_server import say, scripted_server
from tests.tls_server import socks_proxy, tls_server

URL = "https://search-logs-abc.us-east-1.es.amazonaws.com"


@pytest.fixture
def bundle(tmp_path: Path) -> str:
    import certifi

    return certifi.where()


def ask(network: Network, url: str, connect_to: str | None = None) -> bytes:
    settings = settings_of(url, connect_to)
    domain = Domain(settings.endpoint, None, None, connect_seconds=3, network=network, connect_to=connect_to)
    answer = domain.send("GET", b"/", (), Upload())
    assert isinstance(answer.body, Held)
    domain.close()
    return answer.body.data


def settings_of(url: str, connect_to: str | None = None) -> Settings:
    values = {"ES_ENDPOINT": url, "ES_SIGN": "false", "SESSION_SECRET": "s" * 32, "USERS": "file:x"}
    return read_settings({**values, "ES_CONNECT_TO": connect_to or ""})


def test_the_first_variable_that_is_set_gives_the_trusted_certificates(bundle: str) -> None:
    for number, name in enumerate(CA_VARIABLES):
        if name != "SSL_CERT_DIR":
            environ = dict.fromkeys(CA_VARIABLES[number:], bundle)
            assert read_network(environ, URL) == Network(bundle, name)
    assert read_network({}, URL) == Network()


def test_plain_http_needs_no_certificates() -> None:
    assert read_network({"AWS_CA_BUNDLE": "/none.pem"}, "http://127.0.0.1:9200") == Network()


@pytest.mark.parametrize("name", CA_VARIABLES)
def test_a_bundle_that_cannot_be_used_is_named_with_its_fix(name: str, tmp_path: Path) -> None:
    (tmp_path / "text.pem").write_text("no certificate")
    for place, why in (("/none.pem", "does not exist"), (str(tmp_path / "text.pem"), "holds no PEM certificate")):
        with pytest.raises(SettingsError) as refused:
            read_network({name: place}, URL)
        assert f"{name}: {place} {why}; give a file of PEM certificates, or unset {name}." in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({"HTTPS_PROXY": "http://proxy:3128"}, URL, ("http://proxy:3128", "HTTPS_PROXY")),
        ({"https_proxy": "proxy:3128", "HTTPS_PROXY": "http://other:1"}, URL, ("http://proxy:3128", "https_proxy")),
        ({"ALL_PROXY": "socks5h://127.0.0.1:1080"}, URL, ("socks5h://127.0.0.1:1080", "ALL_PROXY")),
        ({"all_proxy": "socks5://h:1"}, "http://10.0.0.1:9200", ("socks5://h:1", "all_proxy")),
        ({"HTTP_PROXY": "http://proxy:3128"}, "http://10.0.0.1:9200", (None, None)),
        ({"HTTPS_PROXY": "http://proxy:3128", "NO_PROXY": ".amazonaws.com"}, URL, (None, None)),
        ({"HTTPS_PROXY": "http://proxy:3128", "no_proxy": "*"}, URL, (None, None)),
        ({"HTTPS_PROXY": "  "}, URL, (None, None)),
    ],
)
def test_the_outgoing_proxy_is_found_as_curl_finds_it(
    environ: dict[str, str], url: str, proxy: tuple[str | None, str | None]
) -> None:
    network = read_network(environ, url)
    assert (network.proxy, network.proxy_variable) == proxy


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("ftp://h:1", "HTTPS_PROXY: the scheme 'ftp' is not one of http, https, socks4"),
        ("http://", "HTTPS_PROXY: it has no host"),
        ("http://user:secret@h:port", "HTTPS_PROXY: its port is not a number"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named_without_its_password(proxy: str, says: str) -> None:
    with pytest.raises(SettingsError) as refused:
        read_network({"HTTPS_PROXY": proxy}, URL)
    assert says in str(refused.value) and "secret" not in str(refused.value)


def test_a_proxys_password_is_not_in_a_repr() -> None:
    assert "secret" not in repr(read_network({"HTTPS_PROXY": "http://user:secret@h:1"}, URL))


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"ALL_PROXY": "socks5h://127.0.0.1:1"}, "ALL_PROXY: a SOCKS proxy needs the package PySocks"),
        ({"REQUESTS_CA_BUNDLE": "/none.pem"}, "REQUESTS_CA_BUNDLE: /none.pem does not exist"),
    ],
)
@pytest.mark.parametrize("command", ["serve", "doctor"])
@pytest.mark.servers
def test_a_command_says_it_in_one_line(environ: dict[str, str], says: str, command: str, tmp_path: Path) -> None:
    """As where PySocks is not installed, and with no traceback."""
    (tmp_path / "socks.py").write_text("raise ImportError")
    kept = {name: value for name, value in os.environ.items() if name not in CA_VARIABLES}
    variables = {"ES_ENDPOINT": URL, "ES_SIGN": "false", "ACCESS_ES_STATE": str(tmp_path), "PYTHONPATH": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, "-m", "access_es", command, *(["--port", "0"] if command == "serve" else [])],
        cwd=ROOT, env={**kept, **variables, **environ}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    said = run.stdout + run.stderr
    assert run.returncode == 1 and says in said and "Traceback" not in said


def test_a_domain_is_reached_with_the_authority_that_a_variable_names(tmp_path: Path) -> None:
    with tls_server(tmp_path) as server:
        url = f"https://localhost:{server.port}"
        assert ask(read_network({"AWS_CA_BUNDLE": str(server.authority)}, url), url) == b"{}"
        with pytest.raises(DomainUnreachable):
            ask(Network(), url)


def test_the_certificates_to_trust_are_read_once_for_all_connections(tmp_path: Path) -> None:
    """Each reading takes 20 ms of processor time, and would delay everybody where many connections are opened."""
    with tls_server(tmp_path) as server:
        endpoint = settings_of(f"https://localhost:{server.port}").endpoint
        domain = Domain(endpoint, None, None, network=Network(str(server.authority), "AWS_CA_BUNDLE"))
        domain.prepare()
        server.authority.unlink()
        for _ in range(3):
            assert b"".join(domain.send("GET", b"/", (), Upload()).body) == b"{}"
            domain.close()  # so that the next one opens a connection
        assert len(server.asked) == 3


def test_a_bundle_that_is_gone_when_it_is_read_is_reported_by_the_request(tmp_path: Path) -> None:
    with tls_server(tmp_path) as server:
        endpoint = settings_of(f"https://localhost:{server.port}").endpoint
        domain = Domain(endpoint, None, None, network=Network(str(server.authority), "AWS_CA_BUNDLE"))
        server.authority.unlink()
        domain.prepare()
        with pytest.raises(DomainUnreachable):
            domain.send("GET", b"/", (), Upload())


def test_signature_and_certificate_stay_the_endpoints_when_another_address_is_connected_to(tmp_path: Path) -> None:
    name = "search-logs-abc.us-east-1.es.amazonaws.com"
    with tls_server(tmp_path, name) as server:
        network = read_network({"AWS_CA_BUNDLE": str(server.authority)}, URL)
        assert ask(network, URL, f"127.0.0.1:{server.port}") == b"{}" and server.asked == [name]
        with pytest.raises(DomainUnreachable):
            ask(network, "https://other.us-east-1.es.amazonaws.com", f"127.0.0.1:{server.port}")


@pytest.mark.parametrize("text", ["h:port", "user@h:1", "h/path", "http://h", "", "h:0"])
def test_an_address_to_connect_to_is_a_host_and_a_port(text: str) -> None:
    if not text:
        assert settings_of(URL, text).connect_url == URL
        return
    with pytest.raises(SettingsError, match="ES_CONNECT_TO"):
        settings_of(URL, text)


def test_a_domain_in_a_vpc_is_reached_through_socks(tmp_path: Path) -> None:
    """The proxy resolves the name (socks5h), TLS goes through to the domain."""
    name = "vpc-logs-abc.us-east-1.es.amazonaws.com"
    with tls_server(tmp_path, name) as server, socks_proxy(server.port) as proxy:
        url = f"https://{name}"
        environ = {"ALL_PROXY": proxy.url, "AWS_CA_BUNDLE": str(server.authority)}
        assert ask(read_network(environ, url), url) == b"{}"
        assert proxy.asked == [f"{name}:443"] and server.asked == [name]


def test_a_domain_without_tls_is_reached_through_socks_too() -> None:
    play = say(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
    with scripted_server([play]) as server, socks_proxy(int(server.url.rpartition(":")[2])) as proxy:
        url = "http://far.example:9200"
        assert ask(read_network({"ALL_PROXY": proxy.url}, url), url) == b"{}"
        assert proxy.asked == ["far.example:9200"] and b"Host: far.example:9200\r\n" in server.requests[0]


@pytest.mark.parametrize(
    ("name", "expired", "trusted", "fix"),
    [
        ("localhost", False, False, "set AWS_CA_BUNDLE"),
        ("other.example", False, True, "ES_CONNECT_TO"),
        ("localhost", True, True, "check the clock"),
    ],
)
def test_doctor_explains_why_tls_fails(name: str, expired: bool, trusted: bool, fix: str, tmp_path: Path) -> None:
    with tls_server(tmp_path, name, expired) as server:
        settings = settings_of(f"https://localhost:{server.port}")
        network = Network(str(server.authority), "AWS_CA_BUNDLE") if trusted else Network()
        domain = Domain(settings.endpoint, None, None, network=network)
        (found,) = check_domain(settings, domain)
        domain.close()
    assert found.level == "fault" and fix in found.fix


def test_doctor_explains_that_the_port_speaks_no_tls() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=_answer_plainly, args=(listener,), daemon=True).start()
        settings = settings_of(f"https://127.0.0.1:{listener.getsockname()[1]}")
        domain = Domain(settings.endpoint, None, None, connect_seconds=3, read_seconds=3)
        (found,) = check_domain(settings, domain)
        domain.close()
    assert "http://" in found.fix


def _answer_plainly(listener: socket.socket) -> None:
    with suppress(OSError):  # the test is over
        while True:
            with listener.accept()[0] as connection:
                connection.recv(65_536)
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def test_doctor_names_what_it_uses() -> None:
    network = Network("/ca.pem", "AWS_CA_BUNDLE", "http://user:secret@proxy:3128", "HTTPS_PROXY")
    told = [found.says for found in check_network(settings_of(URL, "127.0.0.1:9443"), network)]
    assert told == [
        "trusts the certificates of AWS_CA_BUNDLE (/ca.pem)",
        "connects through the proxy of HTTPS_PROXY (http://proxy:3128)",
        "connects to 127.0.0.1:9443 in place of search-logs-abc.us-east-1.es.amazonaws.com",
    ]


def test_what_tls_holds_back_of_an_answer_is_never_the_next_ones(tmp_path: Path) -> None:
    """A domain that sends more than it announced: the rest is in no buffer that the system knows of."""
    with tls_server(tmp_path) as other:
        authority = str(other.authority)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "server.pem")
    head = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            for body in (b"mine" + head + b"evil", b"next"):
                connection, _ = listener.accept()
                with context.wrap_socket(connection, server_side=True) as sock:
                    sock.recv(65536)
                    sock.sendall(head)
                    time.sleep(0.2)  # so that the head is read before the one record with the rest
                    sock.sendall(body)
                    sock.recv(65536)

        threading.Thread(target=serve, daemon=True).start()
        url = f"https://localhost:{listener.getsockname()[1]}"
        network = Network(authority)
        domain = Domain(settings_of(url, None).endpoint, None, None, connect_seconds=3, network=network)
        answers = [domain.send("POST", b"/", (), Upload()).body for _ in range(2)]
        domain.close()
    assert answers == [Held(b"mine"), Held(b"next")]
