import pytest

from access_es.demo.errors import DemoUnavailable
from access_es.demo.machine import check_platform


@pytest.mark.parametrize(("system", "machine"), [("Darwin", "arm64"), ("Linux", "aarch64"), ("Windows", "AMD64")])
def test_on_an_unsupported_machine_the_error_names_a_real_domain(system: str, machine: str) -> None:
    with pytest.raises(DemoUnavailable, match=f"{system} {machine}") as refused:
        check_platform(system, machine)
    assert "ES_ENDPOINT" in refused.value.command


def test_linux_on_x86_64_is_supported() -> None:
    check_platform("Linux", "x86_64")
