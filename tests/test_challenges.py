"""Which clients are offered Basic authentication, seen with those that send a password only when they are asked."""

from __future__ import annotations

import importlib
import shutil
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from access_es.users.sqlite_stores import open_file_stores
from access_es.users.tokens import issue
from tests.running_proxy import PASSWORD, RunningProxy
from tests.test_client_kind import PEOPLE, PROGRAMS, SCRIPTS

BASIC = 'Basic realm="access-es", charset="UTF-8"'
BEARER = 'Bearer realm="access-es"'
JAVA = """
import java.io.*; import java.net.*;
public class Ask {
    public static void main(String[] given) throws Exception {
        if (given.length > 1) Authenticator.setDefault(new Authenticator() {
            protected PasswordAuthentication getPasswordAuthentication() {
                return new PasswordAuthentication(given[1], given[2].toCharArray());
            }
        });
        HttpURLConnection connection = (HttpURLConnection) new URL(given[0]).openConnection();
        connection.setInstanceFollowRedirects(false);
        System.out.println(connection.getResponseCode() + " " + connection.getURL().getPath());
        InputStream body = connection.getErrorStream() == null ? connection.getInputStream() : connection.getErrorStream();
        System.out.println(new String(body.readAllBytes()));
    }
}
"""


def offered(proxy: RunningProxy, headers: dict[str, str], target: str = "/_search") -> list[str]:
    answer = proxy.ask("GET", target, headers)
    return [value for name, value in answer.headers if name.lower() == "www-authenticate"]


@pytest.mark.parametrize("target", ["/_search", "/--access-es/account"])
def test_programs_are_offered_basic_and_browsers_never_are(proxy: RunningProxy, target: str) -> None:
    for headers in PROGRAMS.values():
        assert offered(proxy, headers, target) == [BASIC, BEARER]
    wrong = {"Authorization": "Bearer wrong"}
    for headers in (*SCRIPTS.values(), *PEOPLE.values()):
        assert BASIC not in offered(proxy, headers, target)
        assert offered(proxy, {**headers, **wrong}, target) == [BEARER]


def test_a_script_reads_that_the_session_has_ended(proxy: RunningProxy) -> None:
    for headers in SCRIPTS.values():
        answer = proxy.ask("GET", "/_search", headers)
        told = answer.json()
        assert (answer.status, told["error"]["code"]) == (401, "not_signed_in")
        assert told["message"] == told["error"]["reason"] == "Your session has ended. Reload this page to sign in."
    told = proxy.ask("GET", "/_search", PROGRAMS["curl"]).json()
    assert told["error"]["reason"].startswith("Sign in first, or send an API token")


@pytest.mark.parametrize(
    "options", [["--anyauth"], ["--basic"], ["--anyauth", "-d", "{}", "-H", "Content-Type: application/json"]]
)
def test_curl(proxy: RunningProxy, options: list[str]) -> None:
    command = ["curl", "-sS", "-f", *options, "-u", f"alice:{PASSWORD}", f"{proxy.url}/_demo/echo"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and '"target":"/_demo/echo"' in done.stdout.replace(" ", ""), done.stderr


@pytest.mark.parametrize("secret", ["password", "token"])
def test_wget(proxy: RunningProxy, secret: str) -> None:
    word = PASSWORD if secret == "password" else proxy.tokens["alice"]
    command = ["wget", "-q", "-O", "-", "--user=alice", f"--password={word}", f"{proxy.url}/_demo/echo"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0 and "/_demo/echo" in done.stdout, done.stderr


def test_pythons_own_client(proxy: RunningProxy) -> None:
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, proxy.url, "alice", PASSWORD)
    opener = urllib.request.build_opener(urllib.request.HTTPBasicAuthHandler(passwords))
    with opener.open(f"{proxy.url}/_demo/echo") as answer:
        assert answer.status == 200


@pytest.fixture
def java(tmp_path: Path) -> list[str]:
    """A program of one file, run as `java Ask.java`, with whatever headers Java sends by itself."""
    program = shutil.which("java")
    assert program is not None, "install a JDK, such as Debian's default-jdk-headless"
    source = tmp_path / "Ask.java"
    source.write_text(JAVA)
    return [program, "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-Xshare:auto", str(source)]


def test_java(proxy: RunningProxy, java: list[str]) -> None:
    """Its Authenticator answers the challenge; its default Accept is no person's: `/` is the domain's own."""
    done = subprocess.run([*java, f"{proxy.url}/", "alice", PASSWORD], capture_output=True, text=True)
    assert done.stdout == "404 /\n" + proxy.ask("GET", "/", proxy.bearer).body.decode() + "\n", done.stderr
    assert "no engine behind this path" in done.stdout


@pytest.mark.parametrize("library", [("opensearchpy", "OpenSearch"), ("elasticsearch", "Elasticsearch")])
def test_the_official_clients_show_why_a_token_is_refused(proxy: RunningProxy, library: tuple[str, str]) -> None:
    name, client_class = library
    module = importlib.import_module(name)
    expired, text = issue("alice", f"old of {name}", days=1, now=time.time() - 2 * 86_400)
    stores = open_file_stores(proxy.state / "users.db")
    stores.tokens.add(expired)
    for token, reason in (
        (text, "This API token has expired."),
        ("aes_wrong", "The user name, password or token is wrong."),
    ):
        client = getattr(module, client_class)([proxy.url], http_auth=("alice", token), max_retries=0)
        with pytest.raises(module.exceptions.AuthenticationException) as refusal:
            client.cat.indices()
        assert reason in str(refusal.value)
