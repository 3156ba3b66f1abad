"""Every partition that botocore knows, in every name that is made of it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import botocore
import pytest

from access_es.aws import AwsSession, make_client, make_s3_client
from access_es.partitions import PARTITIONS, REGION, partition_of
from access_es.settings.endpoint import parse_endpoint
from access_es.settings.read import read_settings

KNOWN: list[dict[str, Any]] = json.loads((Path(botocore.__file__).parent / "data" / "partitions.json").read_text())[
    "partitions"
]
REGIONS = [
    (region, one["id"], one["outputs"]["dnsSuffix"])
    for one in KNOWN
    for region in one["regions"]
    if not region.endswith("-global")
]


def test_the_partitions_are_those_of_botocore() -> None:
    ours = {one.name: one.suffix for one in PARTITIONS}
    assert ours == {one["id"]: one["outputs"]["dnsSuffix"] for one in KNOWN}


@pytest.mark.parametrize(("region", "name", "suffix"), REGIONS)
def test_every_region_is_read_and_belongs_to_its_partition(region: str, name: str, suffix: str) -> None:
    assert re.fullmatch(REGION, region)
    assert (partition_of(region).name, partition_of(region).suffix) == (name, suffix)


@pytest.mark.parametrize(("region", "name", "suffix"), REGIONS)
def test_an_endpoint_gives_region_and_service_in_every_partition(region: str, name: str, suffix: str) -> None:
    for host, service in ((f"search-x-abc.{region}.es.{suffix}", "es"), (f"abc123.{region}.aoss.{suffix}", "aoss")):
        endpoint = parse_endpoint(host)
        assert (endpoint.region, endpoint.service) == (region, service)
        settings = read_settings({"ES_ENDPOINT": host, "SESSION_SECRET": "s" * 32, "USERS": "file:x"})
        assert (settings.region, settings.service) == (region, service)


def test_a_dual_stack_endpoint_gives_region_and_service_in_every_partition() -> None:
    for partition, region in ((one, one.prefix + "east-1" if one.prefix else "us-east-1") for one in PARTITIONS):
        endpoint = parse_endpoint(f"search-x-abc.aos.{region}.{partition.on_suffix}")
        assert (endpoint.region, endpoint.service) == (region, "es")


@pytest.mark.parametrize("host", ["search-x.us-east-1.es.amazonaws.eux", "search-x.us-east-1.es.amazonaws.eu.evil.com"])
def test_a_name_that_only_resembles_one_of_aws_gives_nothing(host: str) -> None:
    assert parse_endpoint(host).region is None


@pytest.mark.parametrize(
    ("region", "suffix"),
    [("us-east-1", "amazonaws.com"), ("eusc-de-east-1", "amazonaws.eu"), ("cn-north-1", "amazonaws.com.cn")],
)
def test_our_clients_call_the_partition_of_their_region(region: str, suffix: str) -> None:
    session = AwsSession(region=region)
    assert make_s3_client(region, session).meta.endpoint_url == f"https://s3.{region}.{suffix}"
    assert make_client("sts", region, session).meta.endpoint_url == f"https://sts.{region}.{suffix}"
    assert make_client("dynamodb", region, session).meta.endpoint_url == f"https://dynamodb.{region}.{suffix}"
