"""Answers of any size through every emulated door with its real limits: every byte right, never the door's own 502."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from tempfile import TemporaryFile
from urllib.parse import parse_qs, urlsplit

import pytest
import requests

from access_es.demo.large_content import content
from bench.processes import free_port, running
from tests.cloud.front_door import OVERFLOW_BUCKET, LambdaFrontDoor, OpenLambdaDoor
from tests.cloud.package import CREDENTIAL

MEGABYTE = 1_000_000
SIZES = [500_000, 4_400_000, 4_800_000, 5_900_000, 6_200_000, 10_000_000, 40_000_000]
MOST_MEMORY_BYTES = 64 * 1024 * 1024
DOORS = ["rest", "http", "url", "alb"]
Fetch = Callable[[LambdaFrontDoor, str], tuple[int, str]]


@cache
def digest_of(kind: str, size: int) -> str:
    digest = hashlib.sha256()
    for piece in content(kind, size):
        digest.update(piece)
    return digest.hexdigest()


def by_requests(door: LambdaFrontDoor, target: str) -> tuple[int, str]:
    digest = hashlib.sha256()
    with requests.get(door.url + target, headers=door.bearer, timeout=300, stream=True) as answer:
        for piece in answer.iter_content(1024 * 1024):
            digest.update(piece)
    return answer.status_code, digest.hexdigest()


def by_curl(door: LambdaFrontDoor, target: str, *options: str) -> tuple[int, str]:
    name, value = next(iter(door.bearer.items()))
    command = ["curl", "-sSL", *options, "-H", f"{name}: {value}", "-w", "%{stderr}%{http_code}", door.url + target]
    with TemporaryFile() as arrived:
        done = subprocess.run(command, stdout=arrived, stderr=subprocess.PIPE, timeout=300)
        arrived.seek(0)
        return int(done.stderr or 0), hashlib.file_digest(arrived, "sha256").hexdigest()


def by_compressing_curl(door: LambdaFrontDoor, target: str) -> tuple[int, str]:
    return by_curl(door, target, "--compressed")


FETCHES: dict[str, Fetch] = {"requests": by_requests, "curl": by_curl, "curl --compressed": by_compressing_curl}


@pytest.mark.cloud
@pytest.mark.heavy
@pytest.mark.parametrize("fetch", FETCHES.values(), ids=FETCHES)
@pytest.mark.parametrize("kind", ["json", "random"])
@pytest.mark.parametrize("door", DOORS)
def test_every_byte_of_an_answer_arrives_whatever_its_size(
    lambda_door: OpenLambdaDoor, door: str, kind: str, fetch: Fetch
) -> None:
    opened = lambda_door(door)
    for size in SIZES:
        for chunked in ("", "&chunked=1"):
            target = f"/_demo/giant?size={size}&kind={kind}&type=application/json{chunked}"
            assert fetch(opened, target) == (200, digest_of(kind, size)), (size, chunked)
    assert opened.door.peak_bytes - opened.door.idle_bytes < MOST_MEMORY_BYTES


@pytest.mark.cloud
@pytest.mark.heavy
@pytest.mark.parametrize("kind", ["json", "random"])
@pytest.mark.parametrize("fetch", FETCHES.values(), ids=FETCHES)
def test_hundreds_of_megabytes_arrive_and_memory_stays(lambda_door: OpenLambdaDoor, kind: str, fetch: Fetch) -> None:
    opened = lambda_door("rest")
    size = 200 * MEGABYTE
    assert fetch(opened, f"/_demo/giant?size={size}&kind={kind}&type=application/json") == (200, digest_of(kind, size))
    assert opened.door.peak_bytes - opened.door.idle_bytes < MOST_MEMORY_BYTES


@pytest.fixture(scope="module")
def quick_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An S3 that stores and gives back at the speed of the disk; moto's is 30 MB a second."""
    folder, port = tmp_path_factory.mktemp("store"), free_port()
    command = [sys.executable, "-m", "bench.plain_s3", str(port), str(folder)]
    with running(command, port, folder / "log"):
        yield f"http://127.0.0.1:{port}"


@pytest.mark.cloud
@pytest.mark.heavy
@pytest.mark.parametrize(("kind", "way"), [("json", "curl --compressed"), ("json", "requests"), ("random", "curl")])
def test_a_gigabyte_arrives_and_memory_stays(
    lambda_door: OpenLambdaDoor, quick_store: str, kind: str, way: str
) -> None:
    opened = lambda_door("url", function={"timeout_seconds": 300.0}, AWS_ENDPOINT_URL_S3=quick_store)
    size = 1000 * MEGABYTE
    target = f"/_demo/giant?size={size}&kind={kind}&type=application/json"
    assert FETCHES[way](opened, target) == (200, digest_of(kind, size))
    assert opened.door.peak_bytes - opened.door.idle_bytes < MOST_MEMORY_BYTES


@pytest.mark.cloud
@pytest.mark.parametrize("door", DOORS)
def test_json_of_many_times_the_limit_needs_no_store(lambda_door: OpenLambdaDoor, door: str) -> None:
    """Lambda's 6 MB, and an ALB's 1 MB, hold over six times as much once compressed."""
    opened = lambda_door(door)
    size = 5 * MEGABYTE if door.startswith("alb") else 30 * MEGABYTE
    answer = opened.ask(
        "GET",
        f"/_demo/giant?size={size}&kind=json&type=application/json",
        {**opened.bearer, "Accept-Encoding": "gzip, zstd"},
    )
    assert (answer.status, answer.header("content-encoding")) == (200, "zstd")
    assert answer.header("vary") == "Accept-Encoding"


@pytest.mark.cloud
def test_a_redirect_leads_to_one_private_object_for_a_short_time(lambda_door: OpenLambdaDoor) -> None:
    opened = lambda_door("rest")
    s3 = opened.client("s3")
    before = s3.list_objects_v2(Bucket=OVERFLOW_BUCKET)["KeyCount"]
    answer = opened.ask("GET", "/_demo/giant?size=9000000&kind=random&type=application/x-thing", opened.bearer)
    location = answer.header("location") or ""
    assert (answer.status, answer.header("cache-control"), answer.header("x-redirect-reason")) == (
        303,
        "no-store",
        "answer-too-large",
    )
    assert "X-Amz-Expires=60" in location and s3.list_objects_v2(Bucket=OVERFLOW_BUCKET)["KeyCount"] == before + 1
    assert requests.get(location, timeout=60).headers["Content-Type"] == "application/x-thing"
    signed = parse_qs(urlsplit(location).query)
    # S3 refuses it after a minute, by the time in it; every word of path and query is signed, and none can be changed.
    assert signed["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"] and signed["X-Amz-SignedHeaders"] == ["host"]
    signed_at = datetime.strptime(signed["X-Amz-Date"][0], "%Y%m%dT%H%M%S%z")
    assert abs((datetime.now(UTC) - signed_at).total_seconds()) < 30
    assert signed["X-Amz-Credential"][0].split("/")[2:] == ["us-east-1", "s3", "aws4_request"]
    assert signed["X-Amz-Security-Token"] == [CREDENTIAL.session_token]  # with the role's credentials the link ends too


@pytest.mark.cloud
@pytest.mark.parametrize(("query", "status"), [("&status=400", 400), ("&status=500", 500)])
def test_a_large_error_keeps_its_status_and_carries_a_link(
    lambda_door: OpenLambdaDoor, query: str, status: int
) -> None:
    opened = lambda_door("rest")
    answer = opened.ask("GET", f"/_demo/giant?size=9000000&kind=random{query}", opened.bearer)
    assert answer.status == status
    linked = requests.get(answer.json()["error"]["location"], timeout=60)
    assert hashlib.sha256(linked.content).hexdigest() == digest_of("random", 9_000_000)


@pytest.mark.cloud
@pytest.mark.parametrize("size", [3_000_000, 9_000_000, 40_000_000])
def test_an_answer_that_breaks_off_is_our_error_and_leaves_no_object(lambda_door: OpenLambdaDoor, size: int) -> None:
    opened = lambda_door("rest")
    s3 = opened.client("s3")
    before = s3.list_objects_v2(Bucket=OVERFLOW_BUCKET)["KeyCount"]
    answer = opened.ask("GET", f"/_demo/giant?size={size}&kind=random&fail_after={size - 1000}", opened.bearer)
    assert (answer.status, answer.json()["error"]["code"]) == (502, "domain_broke_off")
    assert s3.list_objects_v2(Bucket=OVERFLOW_BUCKET)["KeyCount"] == before
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=OVERFLOW_BUCKET)


@pytest.mark.cloud
@pytest.mark.parametrize(
    ("headers", "code"),
    [({"Sec-Fetch-Dest": "script"}, "answer_too_large"), ({"Sec-Fetch-Dest": "style"}, "answer_too_large")],
)
def test_scripts_and_styles_stay_on_our_origin(
    lambda_door: OpenLambdaDoor, headers: Mapping[str, str], code: str
) -> None:
    """They are compressed to fit; what even so does not fit is said, never redirected to where the policy forbids."""
    opened = lambda_door("rest")
    asked = {**opened.bearer, **headers, "Accept-Encoding": "gzip, deflate, br"}
    fits = opened.ask("GET", "/_demo/giant?size=13000000&kind=text&type=application/javascript", asked)
    assert (fits.status, fits.header("content-encoding")) == (200, "br")
    refused = opened.ask("GET", "/_demo/giant?size=13000000&kind=random&type=application/javascript", asked)
    assert (refused.status, refused.json()["error"]["code"]) == (502, code)


@pytest.mark.cloud
def test_head_and_small_answers_touch_no_store(lambda_door: OpenLambdaDoor) -> None:
    opened = lambda_door("rest")
    head = opened.ask("HEAD", "/_demo/giant?size=90000000&kind=zeros", opened.bearer)
    assert (head.status, head.body) == (200, b"")


@pytest.mark.cloud
def test_without_a_bucket_the_limit_is_named(lambda_door: OpenLambdaDoor) -> None:
    opened = lambda_door("rest", OVERFLOW_BUCKET="")
    answer = opened.ask("GET", "/_demo/giant?size=9000000&kind=random", opened.bearer)
    assert (answer.status, answer.json()["error"]["code"]) == (502, "answer_too_large")
    assert "6,291,556 bytes" in answer.json()["error"]["reason"]
