"""The layers of the package: who may import whom, and where each outside library lives."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent / "access_es"
# From the ground up. A module imports modules of the layers below its own, or of its own where `WITHIN` says so.
LAYERS = (
    {"lazy_dataclass"},
    {
        "errors",
        "error_body",
        "client_presence",
        "header_lines",
        "messages",
        "client_kind",
        "page_headers",
        "credentials",
        "partitions",
        "program",
    },
    {"permissions"},
    {"settings", "front_doors", "upload", "audit", "aws", "aws_credentials", "assumed_roles", "user_limit", "outcome"},
    {"storage", "embedded_metrics"},
    {"users"},
    {"door_probe", "ingress", "sign_in", "upstream", "delivery", "tasks"},
    {"live_permissions"},
    {"mounting"},
    {"services", "pages"},
    {"authorization"},
    {"proxy"},
    {"app"},
    {"provision", "streaming", "wsgi"},
    {"doctor", "lambda_handler", "may", "server"},
    {"demo"},
    {"cli"},
    {"__main__"},
)
WITHIN = {
    ("client_presence", "errors"),
    ("messages", "client_presence"),
    ("settings", "aws"),
    ("aws_credentials", "aws"),
    ("assumed_roles", "aws"),
    ("assumed_roles", "aws_credentials"),
    ("upload", "settings"),
    ("page_headers", "messages"),
    ("messages", "client_kind"),
}
# The entry points, and those that serve an entry point, may read the environment.
ENTRIES = {"__main__", "cli", "wsgi", "lambda_handler", "server", "aws", "demo", "provision", "doctor", "settings"}
HOMES = {
    "flask": {"app", "wsgi", "pages", "sign_in", "server"},
    "flask_login": {"pages", "sign_in"},
    "boto3": {"demo", "provision"},
    "botocore": {"aws", "aws_credentials", "demo"},
    "requests": {"upstream", "demo", "sign_in"},
    "urllib3": {"upstream", "demo", "sign_in"},
    "requests_aws4auth": {"upstream"},
    "jwt": {"sign_in"},
    "cryptography": {"sign_in"},
    "gevent": {"server"},
    "prometheus_client": {"server"},
    "zappa": {"tasks", "demo"},
    "sqlite3": {"storage", "tasks"},
}


def modules() -> list[Path]:
    return sorted(ROOT.rglob("*.py"))


def package(path: Path) -> str:
    """The first name below the package: a module of its own, or the package it is in."""
    return path.relative_to(ROOT).with_suffix("").parts[0]


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            if node.module == "access_es":
                yield from (f"access_es.{alias.name}" for alias in node.names)


def layer(name: str) -> int:
    return next(number for number, names in enumerate(LAYERS) if name in names)


def allowed(importer: str, imported: str) -> bool:
    return importer == imported or layer(imported) < layer(importer) or (importer, imported) in WITHIN


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_one_way(path: Path) -> None:
    packages = {name.split(".")[1] for name in imports(path) if name.startswith("access_es.")}
    wrong = {imported for imported in packages if (ROOT / imported).exists() or (ROOT / f"{imported}.py").exists()}
    assert {imported for imported in wrong if not allowed(package(path), imported)} == set()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_each_library_has_one_home(path: Path) -> None:
    used = {name.split(".")[0] for name in imports(path)}
    assert {name for name in used if name in HOMES and package(path) not in HOMES[name]} == set()


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_entry_points_read_the_environment(path: Path) -> None:
    reads = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv")
    ]
    assert (
        not [node for node in reads if isinstance(node.value, ast.Name) and node.value.id == "os"]
        or package(path) in ENTRIES
    )


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_and_functions_stay_small(path: Path) -> None:
    lines = path.read_text().count("\n")
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert lines <= 300
    assert [node.name for node in functions if (node.end_lineno or 0) - node.lineno >= 60] == []


def test_every_package_has_a_layer() -> None:
    assert {package(path) for path in modules()} - set().union(*LAYERS) == {"__init__"}
