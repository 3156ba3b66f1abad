import socket
import threading

import pytest

from access_es.demo.command import free_port
from access_es.errors import AddressUnusable


def test_a_port_that_another_program_has_is_refused() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = int(other.getsockname()[1])
        with pytest.raises(AddressUnusable, match=f"--port {port} cannot be listened on"):
            free_port("127.0.0.1", port, 0.2)


def test_a_port_that_a_killed_demo_is_about_to_leave_is_waited_for() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = int(other.getsockname()[1])
        leaving = threading.Timer(0.3, other.close)
        leaving.start()
        assert free_port("127.0.0.1", port) == port
        leaving.join()


def test_port_0_is_a_free_port() -> None:
    assert free_port("127.0.0.1", 0) > 0
