"""Kibana's Discover with 500 documents of 100 KB each, through the deployed zip behind the emulated REST door."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Response, expect

from access_es.demo.running_gateway import RunningGateway
from access_es.demo.stack import Engines
from tests.browser import engine_queries
from tests.browser.chromium import new_window
from tests.browser.kibana import APP, expect_hits, settle, sign_in
from tests.browser.network_log import watch
from tests.cloud.bucket_cors import readable_by_pages_of
from tests.cloud.front_door import LambdaFrontDoor, OpenLambdaDoor

pytestmark = [pytest.mark.cloud, pytest.mark.browser, pytest.mark.engines, pytest.mark.heavy]

DOCUMENTS, DOCUMENT_BYTES, BATCH = 500, 100_000, 50
LINE = 'GET /shop/item/{} 200 "a browser" of a customer who came back for {} more; '
MAPPING = {
    "settings": {"number_of_shards": 1, "number_of_replicas": 0},
    "mappings": {
        "log": {
            "properties": {"@timestamp": {"type": "date"}, "message": {"type": "text", "index": False}},
        }
    },
}


@pytest.fixture(params=["text", "random"])
def index(engines: Engines, request: pytest.FixtureRequest) -> Iterator[str]:
    """An index with such documents that Kibana knows: log lines, or text that no coding makes fit."""
    name = f"large-{request.param}"
    ask(engines, "PUT", f"/{name}", MAPPING)
    for start in range(0, DOCUMENTS, BATCH):
        lines = "".join(bulk_lines(name, number, request.param) for number in range(start, start + BATCH))
        assert engine_queries.ask(engines.elasticsearch, "POST", "/_bulk", lines.encode())[1]["errors"] is False
    ask(engines, "POST", f"/{name}/_refresh", None)
    ask(engines, "PUT", f"/.kibana/index-pattern/{name}?refresh=true", {"title": name, "timeFieldName": "@timestamp"})
    yield name
    for target in (f"/{name}", f"/.kibana/index-pattern/{name}?refresh=true"):
        engine_queries.ask(engines.elasticsearch, "DELETE", target)


def ask(engines: Engines, method: str, target: str, body: object) -> None:
    status, said = engine_queries.ask(
        engines.elasticsearch, method, target, json.dumps(body).encode() if body else None
    )
    assert status < 300, said


def bulk_lines(index: str, number: int, kind: str) -> str:
    chance = random.Random(number)
    if kind == "text":
        message = "".join(LINE.format(chance.randrange(10**5), chance.randrange(100)) for _ in range(1500))
    else:
        message = base64.b64encode(chance.randbytes(DOCUMENT_BYTES)).decode()
    when = datetime.now(UTC) - timedelta(hours=1, seconds=number)
    document = {"@timestamp": when.isoformat(), "message": message[:DOCUMENT_BYTES]}
    return f'{{"index":{{"_index":"{index}","_type":"log"}}}}\n{json.dumps(document)}\n'


def test_discover_shows_fifty_megabytes_of_documents(
    lambda_door: OpenLambdaDoor, kibana_domain: RunningGateway, browser: Browser, index: str
) -> None:
    opened = lambda_door("rest", domain=kibana_domain.url)
    with readable_by_pages_of(opened), new_window(browser, opened.url) as window:
        page = window.new_page()
        watched = watch(page)
        searches = note_searches(page)
        shown = f"columns:!(_source),index:'{index}',interval:auto,sort:!('@timestamp',desc)"
        everything = "query:(query_string:(analyze_wildcard:!t,query:'*'))"
        page.goto(f"{APP}#/discover?_g=(time:(from:now-1d,mode:quick,to:now))&_a=({shown},{everything})")
        sign_in(page, "alice")
        expect_hits(page, DOCUMENTS)
        settle(page)
        expect(page.locator("doc-table tbody tr").first).to_be_visible()
        assert watched.complaints() == []
        stored = [answer for answer in searches if urlsplit(answer.url).netloc == urlsplit(opened.door.aws.url).netloc]
        assert bool(stored) is (index == "large-random")
        assert len(searches) == 1 and int(searches[0].headers["content-length"]) > 1_000_000
    assert audited(opened, "_msearch") == ("spilled" if index == "large-random" else "held")


def note_searches(page: Page) -> list[Response]:
    """The answers to what Discover searched, at the end of their redirects."""
    found: list[Response] = []

    def note(answer: Response) -> None:
        first = answer.request
        while first.redirected_from:
            first = first.redirected_from
        if "_msearch" in first.url and answer.status == 200:
            found.append(answer)

    page.on("response", note)
    return found


def audited(door: LambdaFrontDoor, path: str) -> str:
    """How the last answer of that path left, whichever sandbox gave it, but for what it is compressed with."""
    lines = [json.loads(line[line.index("{") :]) for line in door.door.log().splitlines() if '"delivery"' in line]
    return str(max((line["time"], line["delivery"]) for line in lines if path in line["path"])[1])
