import base64
import hashlib
import os
import tarfile
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from access_es.demo import archives
from access_es.demo.errors import DemoUnavailable

CONTENT = b"the archive"
DIGEST = "sha256-" + base64.b64encode(hashlib.sha256(CONTENT).digest()).decode()
PART = archives.Part("Thing", "1.0", "org.thing:thing:zip:1.0", DIGEST, 1)


class Registry:
    """Puts `content` where a registry's client would, or breaks off half-way when there is no content."""

    def __init__(self, content: bytes | None = CONTENT) -> None:
        self.content = content
        self.asked: list[Sequence[str]] = []

    def __call__(self, command: Sequence[str], folder: Path, log: Path) -> None:
        self.asked.append(command)
        (folder / "some-name").write_bytes(CONTENT[:4] if self.content is None else self.content)
        if self.content is None:
            raise KeyboardInterrupt


def silent(text: str) -> None:
    pass


def test_a_part_is_downloaded_once(tmp_path: Path) -> None:
    registry = Registry()
    first = archives.download(PART, tmp_path, registry, silent)
    again = archives.download(PART, tmp_path, registry, silent)
    assert first == again == tmp_path / "thing-1.0.zip"
    assert first.read_bytes() == CONTENT
    assert len(registry.asked) == 1


def test_the_download_says_what_and_how_much(tmp_path: Path) -> None:
    said: list[str] = []
    archives.download(PART, tmp_path, Registry(), said.append)
    assert said == ["Downloading Thing 1.0, 1 MB"]


def test_an_archive_with_another_hash_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DemoUnavailable, match="its hash differs from the pinned one"):
        archives.download(PART, tmp_path, Registry(b"something else"), silent)
    assert not (tmp_path / "thing-1.0.zip").exists()


def test_an_interrupted_download_leaves_nothing_and_the_next_succeeds(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        archives.download(PART, tmp_path, Registry(None), silent)
    assert not list(tmp_path.iterdir())
    assert archives.download(PART, tmp_path, Registry(), silent).read_bytes() == CONTENT


def test_a_damaged_archive_in_the_cache_is_fetched_again(tmp_path: Path) -> None:
    (tmp_path / "thing-1.0.zip").write_bytes(b"damaged")
    assert archives.download(PART, tmp_path, Registry(), silent).read_bytes() == CONTENT


def test_a_zip_is_unpacked_without_its_top_folder(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "thing.zip", "w") as archive:
        archive.writestr("thing-1.0/lib/code.jar", "code")
        archive.writestr("thing-1.0/thing-1.0", "a file with the folder's own name")
    (tmp_path / "out").mkdir()
    archives.unpack(tmp_path / "thing.zip", tmp_path / "out")
    assert (tmp_path / "out" / "lib" / "code.jar").read_text() == "code"
    assert sorted(entry.name for entry in (tmp_path / "out").iterdir()) == ["lib", "thing-1.0"]


def test_a_tarball_keeps_what_is_executable(tmp_path: Path) -> None:
    program = tmp_path / "program"
    program.touch(mode=0o755)
    with tarfile.open(tmp_path / "thing.tgz", "w:gz") as archive:
        archive.add(program, "package/bin/program")
    (tmp_path / "out").mkdir()
    archives.unpack(tmp_path / "thing.tgz", tmp_path / "out")
    assert os.access(tmp_path / "out" / "bin" / "program", os.X_OK)


@pytest.mark.parametrize(
    "part", [archives.ELASTICSEARCH, archives.OPENSEARCH, archives.KIBANA, archives.NODE, archives.YARN]
)
def test_every_part_is_pinned_by_a_strong_hash(part: archives.Part) -> None:
    algorithm, _, digest = part.integrity.partition("-")
    assert len(base64.b64decode(digest, validate=True)) == hashlib.new(algorithm).digest_size >= 32
    assert part.version in part.package


def test_each_registry_is_asked_by_its_own_client() -> None:
    assert archives.fetch_command(archives.KIBANA)[-1] == "kibana@5.1.1"
    assert "maven_artifact.main" in archives.fetch_command(archives.ELASTICSEARCH)
    assert replace(PART, package="thing@1.0").file_name == "thing-1.0.tgz"
