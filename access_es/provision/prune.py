"""Prunes the package that Zappa made, so that every cold start loads it faster.

botocore's data is left without what no call of ours reads. Making an AWS client is mostly reading JSON: the addresses
of all services in all regions, and a model of the service with all of its operations, which is half documentation.
Without those it takes a fifth of the time. And bytecode need not be checked any more: what lies in Lambda never
changes.

Zappa packs the folder that it runs in, whole. Of that our package stays and nothing else: what people keep beside it,
such as a copy of `CONFIG` with its secrets, is theirs.
"""

from __future__ import annotations

import gzip
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

OURS = "access_es"
DATA = "botocore/data/"
OPERATIONS = {
    service: frozenset(names.split())
    for service, names in {
        "dynamodb": "BatchGetItem DeleteItem DescribeEndpoints GetItem PutItem Query Scan TransactWriteItems "
        "UpdateItem",
        "lambda": "Invoke",
        "ssm": "GetParameter",
    }.items()
}
"""What is called from within Lambda, by us or by Zappa for us. botocore itself asks DynamoDB for its endpoints. S3's is
left whole: botocore and boto3 call more of it on their own, and no first request waits for it."""
_CHECKED, _UNCHECKED = 0b11, 0b01  # the flags of bytecode that goes by its source's hash


def prune_package(
    package: Path, excluded: frozenset[str] = frozenset(), added: Mapping[str, bytes] = MappingProxyType({})
) -> None:
    """Rewrite the zip in place, without the folders and files named in `excluded`; every other entry as it was.

    `added` are files of the project that go in all the same, by their paths, whatever Zappa's own patterns exclude.
    """
    pruned = package.with_name(f"{package.name}.pruned")
    with zipfile.ZipFile(package) as old, zipfile.ZipFile(pruned, "w", zipfile.ZIP_DEFLATED) as new:
        services = packed_services(old.namelist())
        for entry in old.infolist():
            if entry.filename.partition("/")[0] in excluded or entry.filename in added:
                continue
            new.writestr(entry, pruned_entry(entry.filename, old.read(entry), services), zipfile.ZIP_DEFLATED)
        for name, data in added.items():
            new.writestr(_readable(name), data, zipfile.ZIP_DEFLATED)
    pruned.replace(package)


def _readable(name: str) -> zipfile.ZipInfo:
    """An entry that Lambda's user may read (Lambda Developer Guide, "Working with .zip file archives")."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = 0o100644 << 16
    return entry


def unrelated_names(project: Path, installed: Path) -> frozenset[str]:
    """Names in the project's folder that are neither our package nor one of those `installed`."""
    libraries = {each.name for each in installed.iterdir()}
    return frozenset(each.name for each in project.iterdir()) - {OURS} - libraries


def packed_services(names: list[str]) -> frozenset[str]:
    """The services whose models are in the package: no client of another can be made."""
    parts = [name.removeprefix(DATA).split("/") for name in names if name.startswith(DATA)]
    return frozenset(part[0] for part in parts if len(part) == 3 and part[2].startswith("service-2.json"))


def pruned_entry(name: str, data: bytes, services: frozenset[str]) -> bytes:
    """What an entry of this name holds instead."""
    if name == f"{DATA}endpoints.json":
        return _dump(without_services(json.loads(data), services))
    if name.startswith(DATA) and name.endswith("/service-2.json.gz"):
        model = json.loads(gzip.decompress(data))
        service = name.removeprefix(DATA).partition("/")[0]
        if service in OPERATIONS:
            model = with_operations(model, OPERATIONS[service])
        return gzip.compress(_dump(without_documentation(model)), mtime=0)
    if name.endswith(".pyc"):
        return unchecked(data)
    return data


def unchecked(bytecode: bytes) -> bytes:
    """Bytecode that is checked by its source's hash, so that its source is no longer read for it (PEP 552)."""
    flags = int.from_bytes(bytecode[4:8], "little")
    return bytecode[:4] + _UNCHECKED.to_bytes(4, "little") + bytecode[8:] if flags == _CHECKED else bytecode


def without_services(endpoints: Any, services: frozenset[str]) -> Any:
    """botocore's table of addresses, for these services alone."""
    partitions = [
        {**partition, "services": {name: facts for name, facts in partition["services"].items() if name in services}}
        for partition in endpoints["partitions"]
    ]
    return {**endpoints, "partitions": partitions}


def with_operations(model: Any, names: frozenset[str]) -> Any:
    """A service's model with these operations alone, and the shapes that they are made of."""
    operations = {name: facts for name, facts in model["operations"].items() if name in names}
    needed: set[str] = set()
    found = _shapes_in(operations)
    while found:
        needed |= found
        found = _shapes_in([model["shapes"][name] for name in found]) - needed
    shapes = {name: facts for name, facts in model["shapes"].items() if name in needed}
    return {**model, "operations": operations, "shapes": shapes}


def _shapes_in(facts: Any) -> set[str]:
    """The shapes that a part of a model refers to."""
    if isinstance(facts, list):
        return set().union(*map(_shapes_in, facts))
    if not isinstance(facts, dict):
        return set()
    own = {facts["shape"]} if isinstance(facts.get("shape"), str) else set()
    return own.union(*map(_shapes_in, facts.values()))


def without_documentation(model: Any) -> Any:
    """A service's model without its texts. A shape that is itself named so is no text, and stays.

    Each text becomes an empty one: botocore asks for those of S3's client options (model.client_context_parameters).
    """
    if isinstance(model, dict):
        return {
            name: "" if name == "documentation" and isinstance(value, str) else without_documentation(value)
            for name, value in model.items()
        }
    return [without_documentation(value) for value in model] if isinstance(model, list) else model


def _dump(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode()
