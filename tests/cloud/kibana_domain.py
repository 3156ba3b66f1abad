"""The fixture `kibana_domain`: the demo domain with its engines, which knows the function's credentials."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from access_es.demo.cloud.demonstration import engine_sender
from access_es.demo.running_gateway import RunningGateway, running_gateway
from access_es.demo.sample_data import load_sample_data
from access_es.demo.stack import Engines
from tests.cloud.package import CREDENTIAL

DOCUMENTS = 6000


@pytest.fixture(scope="module")
def kibana_domain(engines: Engines) -> Iterator[RunningGateway]:
    """It has a default index pattern too, without which Kibana shows nothing at all."""
    load_sample_data(engine_sender(str(engines.elasticsearch)), print, count=DOCUMENTS)
    with running_gateway([CREDENTIAL], engines.elasticsearch, engines.kibana) as gateway:
        yield gateway
