"""The whole way through `serve --mount`: what the domain gets and gives is as without it, but for where it is found."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote, urlencode

import pytest

from access_es.demo.running_gateway import RunningGateway
from tests.running_proxy import RunningProxy, running_proxy


@pytest.fixture(scope="module")
def mounted(gateway: RunningGateway, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    with running_proxy(gateway.url, tmp_path_factory.mktemp("mounted"), mount="/logs") as running:
        yield running


def test_the_domain_gets_the_path_without_the_mount(mounted: RunningProxy) -> None:
    seen = mounted.ask("GET", "/logs/_demo/echo?x=a%2Fb&x=/logs/", mounted.bearer).json()
    assert seen["target"] == "/_demo/echo?x=a%2Fb&x=/logs/"


def test_redirects_and_cookies_of_the_domain_stay_below_it(mounted: RunningProxy) -> None:
    described = {"status": "302", "header": ["Location: /_dashboards/app", "Set-Cookie: sid=1; Path=/_dashboards"]}
    answer = mounted.ask("GET", f"/logs/_demo/answer?{urlencode(described, doseq=True)}", mounted.bearer)
    assert answer.header("location") == "/logs/_dashboards/app"
    assert answer.header("set-cookie") == "sid=1; Path=/logs/_dashboards"


def test_people_sign_in_below_it(mounted: RunningProxy) -> None:
    page = {"Accept": "text/html"}
    first = mounted.ask("GET", "/logs/_plugin/kibana/app/kibana", page)
    wanted = quote("/logs/_plugin/kibana/app/kibana")
    assert (first.status, first.header("location")) == (303, f"/logs/--access-es/login?next={wanted}")
    login = mounted.ask("GET", str(first.header("location")), page)
    assert login.status == 200 and b'href="/logs/--access-es/static/access-es.css"' in login.body
    assert mounted.ask("GET", "/logs/--access-es/static/access-es.css").status == 200
    home = mounted.ask("GET", "/logs", {**page, **mounted.bearer})
    assert (home.status, home.header("location")) == (303, "/logs/_plugin/kibana/")


def test_the_rest_of_the_host_is_not_ours(mounted: RunningProxy) -> None:
    for target in ("/", "/_demo/echo", "/logs2/_demo/echo", "/--access-es/login"):
        answer = mounted.ask("GET", target, mounted.bearer)
        assert (answer.status, answer.json()["error"]["code"]) == (404, "outside_the_mount")
    assert mounted.ask("GET", "/--access-es/health").status == 200
