"""Elasticsearch and Kibana asked directly, with no proxy and no gateway in between, and what they wrote down."""

from __future__ import annotations

import http.client
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from access_es.demo.kibana import BASE_PATH
from access_es.demo.stack import Engines
from tests.browser.network_log import Answer

LOG_LINES = 15


def ask(engine: str | None, method: str, target: str, body: bytes | None = None) -> tuple[int, Any]:
    """The status and the JSON that an engine answers, None where it is none."""
    address = urlsplit(engine or "")
    connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=60)
    try:
        headers = {"Content-Type": "application/json", "kbn-xsrf": "tests"}
        connection.request(method, target, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        is_json = "json" in answer.headers.get("Content-Type", "")
        return answer.status, json.loads(content) if is_json and content else None
    finally:
        connection.close()


def count(engines: Engines, index: str, query: str = "*") -> int:
    """How many documents of an index Elasticsearch finds."""
    body = json.dumps({"query": {"query_string": {"query": query}}}).encode()
    status, answer = ask(engines.elasticsearch, "POST", f"/{index}/_count", body)
    return int(answer["count"]) if status == 200 else 0


def kibana_says(engines: Engines, asked: Answer) -> int:
    """The status that Kibana itself answers to the same request."""
    return ask(engines.kibana, asked.method, asked.target.removeprefix(BASE_PATH), asked.sent)[0]


def written_logs(engines: Engines) -> dict[str, str]:
    """The last lines of the engines' logs. Elasticsearch knows where its own lie; Kibana's are beside them."""
    _, nodes = ask(engines.elasticsearch, "GET", "/_nodes/_local/settings")
    folder = Path(next(iter(nodes["nodes"].values()))["settings"]["path"]["logs"]).parent
    files = {"Elasticsearch": folder / "output.log", "Kibana": folder.parent / "kibana" / "output.log"}
    return {name: last_lines(file) for name, file in files.items()}


def last_lines(file: Path) -> str:
    return "\n".join(file.read_text(errors="replace").splitlines()[-LOG_LINES:]) if file.exists() else f"no {file}"
