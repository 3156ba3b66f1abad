import pytest

from access_es.cli import main


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["serve", "--port", "abc"], "--port: 'abc' is not a port, 0 to 65535"),
        (["serve", "--port", "65536"], "--port: '65536' is not a port, 0 to 65535"),
        (["demo", "--port", "-1"], "--port: '-1' is not a port, 0 to 65535"),
        (["serve", "--workers", "0"], "--workers: '0' is not a number of 1 or more"),
        (["serve", "--workers", "two"], "--workers: 'two' is not a number of 1 or more"),
    ],
)
def test_wrong_usage_is_told_in_the_words_of_the_person(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert told in capsys.readouterr().err


def test_serving_without_a_domain_names_the_way_out(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.delenv("ES_ENDPOINT", raising=False)
    monkeypatch.setenv("ACCESS_ES_STATE", str(tmp_path))
    assert main(["serve"]) == 1
    told = capsys.readouterr().err
    assert "ES_ENDPOINT" in told
    assert "access_es demo" in told
