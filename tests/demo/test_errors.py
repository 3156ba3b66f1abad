from pathlib import Path

from access_es.demo.errors import ChildFailed, DemoUnavailable


def test_the_reader_gets_one_sentence_and_one_command() -> None:
    assert str(DemoUnavailable("npm is missing.", "pip install x")) == "npm is missing. Run: pip install x"


def test_a_failed_program_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "output.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    text = str(ChildFailed("Kibana ended.", log))
    assert "line 99" in text
    assert "line 1\n" not in text
    assert text.endswith(f"less {log}")


def test_a_failed_program_without_a_log_is_still_reported(tmp_path: Path) -> None:
    assert "Kibana ended." in str(ChildFailed("Kibana ended.", tmp_path / "none"))
