"""One domain that remembers and one access-es in front of it, for all quick proofs of a test run."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.fidelity.bad_domain import BadDomain, bad_domain
from tests.fidelity.recording_domain import RecordingDomain, recording_domain
from tests.running_proxy import RunningProxy, running_proxy


@pytest.fixture(scope="session")
def domain() -> Iterator[RecordingDomain]:
    """A domain of `/_demo/` alone; every other target is verified, remembered and answered with 404."""
    with recording_domain() as recording:
        yield recording


@pytest.fixture(scope="session")
def front(domain: RecordingDomain, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProxy]:
    """access-es in front of `domain`, with the users alice and bob."""
    with running_proxy(domain.url, tmp_path_factory.mktemp("front"), users=("alice", "bob")) as running:
        yield running


@pytest.fixture(scope="session")
def bad(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BadDomain]:
    """A domain that answers as a test tells it to, and an access-es of its own in front of it."""
    with bad_domain(tmp_path_factory.mktemp("bad")) as running:
        yield running
