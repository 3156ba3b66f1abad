"""Who may read the metrics, and in which form."""

from __future__ import annotations

import gzip
from collections.abc import Mapping

import pytest
from flask import Flask
from prometheus_client import Metric
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text
from werkzeug.test import TestResponse

from access_es.errors import AccessEsError
from access_es.server.metrics import table
from access_es.server.metrics.exposition import BUILD
from access_es.server.metrics.meter import Meter
from access_es.server.metrics.page import metrics_page
from access_es.settings.names import NAMES, Settings

PATH = "/--access-es/metrics"
TOKEN, OLD = "m" * 40, "o" * 40
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def ask(
    headers: Mapping[str, str] | None = None, method: str = "GET", *, client: str = "127.0.0.1", token: str = "",
    addresses: str = "",
) -> TestResponse:  # fmt: skip
    """One request to the page under these settings."""
    settings = Settings(
        metrics_token=NAMES["METRICS_TOKEN"].parse(token) if token else (),
        metrics_addresses=NAMES["METRICS_ADDRESSES"].parse(addresses) if addresses else (),
    )
    app = Flask("test")
    app.register_blueprint(metrics_page(Meter(1).read, settings))
    app.register_error_handler(AccessEsError, lambda error: (error.code, error.status, error.extra_headers))
    return app.test_client().open(PATH, method=method, headers=headers, environ_base={"REMOTE_ADDR": client})


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.mark.parametrize("given", [bearer(TOKEN), bearer(OLD), {"Authorization": f"bearer  {TOKEN}"}])
def test_the_token_opens_it(given: dict[str, str]) -> None:
    assert ask(given, token=f"{TOKEN},{OLD}").status_code == 200


@pytest.mark.parametrize(
    "given",
    [{}, bearer(""), bearer(TOKEN[:-1]), bearer(TOKEN + "m"), bearer("ü"), {"Authorization": TOKEN},
     {"Authorization": f"Basic {TOKEN}"}, bearer(f"{TOKEN},{OLD}")],
)  # fmt: skip
def test_nothing_else_does(given: dict[str, str]) -> None:
    refused = ask(given, token=f"{TOKEN},{OLD}")
    assert (refused.status_code, refused.text) == (401, "wrong_metrics_token")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("10.1.2.3", {}, 200),
        ("127.0.0.1", {}, 200),
        ("::ffff:10.1.2.3", {}, 200),
        ("192.0.2.1", {}, 404),
        ("", {}, 404),
        ("nonsense", {}, 404),
        # Passed on by a proxy that nobody said is one: everybody comes from its address.
        ("127.0.0.1", {"X-Forwarded-For": "203.0.113.7"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "127.0.0.1, 203.0.113.7"}, 404),
        ("127.0.0.1", {"X-Forwarded-For": ""}, 404),
        # By one that was said to be: the server knows the client from it.
        ("10.1.2.3", {"X-Forwarded-For": "203.0.113.7, 10.1.2.3:4567"}, 200),
    ],
)
def test_the_address_opens_it(client: str, headers: dict[str, str], status: int) -> None:
    assert ask(headers, client=client, addresses="127.0.0.1, 10.0.0.0/8").status_code == status


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "TRACE", "PROPFIND"])
def test_for_another_address_no_method_shows_that_there_is_such_a_page(method: str) -> None:
    refused = ask(bearer(TOKEN), method, client="192.0.2.1", addresses="127.0.0.1", token=TOKEN)
    assert (refused.status_code, refused.headers.get("Allow")) == (404, None)


def test_with_both_both_are_needed() -> None:
    both = {"token": TOKEN, "addresses": "10.0.0.0/8"}
    assert ask(bearer(TOKEN), client="10.0.0.1", **both).status_code == 200
    assert ask({}, client="10.0.0.1", **both).status_code == 401
    assert ask(bearer(TOKEN), client="192.0.2.1", **both).status_code == 404


def test_prometheus_own_parsers_accept_it_and_find_every_series() -> None:
    plain, open_ = ask(bearer(TOKEN), token=TOKEN), ask({**bearer(TOKEN), "Accept": OPENMETRICS}, token=TOKEN)
    assert plain.content_type.startswith("text/plain; version=") and plain.headers["Cache-Control"] == "no-store"
    assert open_.content_type.startswith("application/openmetrics-text; version=1.0.0")
    parsed: tuple[list[Metric], ...] = (list(parse_text(plain.text)), list(parse_openmetrics(open_.text)))  # type: ignore[no-untyped-call]
    for families in parsed:
        assert {family.name for family in families} == {metric.name for metric in table.METRICS} | {BUILD}
        for family in families:
            if metric := table.NAMED.get(family.name):
                assert family.type == metric.kind and family.documentation == metric.meaning
                assert {sample.name for sample in family.samples} == {
                    metric.name + end for end in SUFFIXES[metric.kind]
                }


def test_a_scraper_that_takes_gzip_gets_it_and_head_has_no_body() -> None:
    packed = ask({**bearer(TOKEN), "Accept-Encoding": "gzip"}, token=TOKEN)
    assert packed.headers["Content-Encoding"] == "gzip" and b"access_es_workers" in gzip.decompress(packed.data)
    head = ask(bearer(TOKEN), "HEAD", token=TOKEN)
    assert (head.status_code, head.data) == (200, b"") and int(head.headers["Content-Length"]) > 1000
    assert ask(bearer(TOKEN), "POST", token=TOKEN).status_code == 405
