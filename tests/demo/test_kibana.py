import http.client
from pathlib import Path

import pytest

from access_es.demo import kibana
from access_es.demo.health import ask
from access_es.demo.stack import Engines

from .listening_processes import listening_addresses, owner, port_of


def test_it_waits_as_long_for_a_query_as_amazons() -> None:
    command = kibana.start_command(Path("/kibana"), Path("/node"), Path("/data"), 5601, "http://127.0.0.1:9200")
    assert "--elasticsearch.requestTimeout=300000" in command
    assert "--server.basePath=/_plugin/kibana" in command
    assert "--server.host=127.0.0.1" in command


@pytest.mark.engines
def test_it_is_ready_on_loopback_alone_and_not_root(engines: Engines) -> None:
    port = port_of(engines.kibana)
    status = ask(port, "/api/status")
    assert status is not None
    states = {each["id"]: each["state"] for each in status["status"]["statuses"]}
    assert states["plugin:kibana@5.1.1"] == "green"
    assert states["plugin:elasticsearch@5.1.1"] == "green"
    assert listening_addresses(port) == {"127.0.0.1"}
    assert owner(port) != 0


@pytest.mark.engines
def test_its_front_end_is_bundled_for_amazons_path(engines: Engines) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(engines.kibana))
    connection.request("GET", "/app/kibana")
    page = connection.getresponse().read()
    connection.request("GET", "/bundles/kibana.bundle.js")
    bundle = connection.getresponse().read()
    connection.close()
    assert b"/_plugin/kibana/" in page
    assert b"took_ms" in bundle, "our spy mode is not there"
    assert b"InfoClicked(row)" not in bundle
    assert b"fired******" not in bundle
