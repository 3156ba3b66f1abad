import time

from access_es.demo.progress import step


def test_a_long_step_reports_repeatedly_until_it_ends() -> None:
    said: list[str] = []
    with step(said.append, "Bundling", every_seconds=0.02):
        time.sleep(0.2)
    heard = len(said)
    assert said[0] == "Bundling"
    assert heard > 2
    assert all(text.startswith("Bundling (") for text in said[1:])
    time.sleep(0.1)
    assert len(said) == heard


def test_a_short_step_reports_once() -> None:
    said: list[str] = []
    with step(said.append, "Copying"):
        pass
    assert said == ["Copying"]
