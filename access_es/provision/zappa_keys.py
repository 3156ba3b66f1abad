"""Checks Zappa's own settings for values and defaults that are dangerous or do not work here. Pure."""

from __future__ import annotations

import fnmatch
import platform
import re
import sys
from collections.abc import Iterator, Mapping
from typing import Any

from access_es.provision.finding import Finding, fault, warning
from access_es.provision.zappa_names import check_names

Keys = Mapping[str, Any]
_APP, _HANDLER = "access_es.wsgi.app", "access_es.lambda_handler.lambda_handler"
_PREBUILD = "access_es.provision.packaging.compile_all"
_CALLBACKS = ("settings", "zip", "post")
_PROCESSORS = {"aarch64": "arm64"}  # Linux's name, and Lambda's
_MIN_SECONDS, _MAX_SECONDS = 30, 900
_MIN_MEGABYTES, _MAX_MEGABYTES = 256, 10_240  # Lambda's own bounds: Developer Guide, "Lambda quotas"
# Bare names in the package without which nothing runs: Zappa applies `exclude` to every one of them, at any depth.
_NEEDED = (
    "access_es", "wsgi.py", "templates", "login.html", "static", "zappa", "handler.py", "flask", "werkzeug", "requests",
    "boto3", "botocore", "data", "endpoints.json", "partitions.json", "service-2.json.gz", "docs", "urllib3", "certifi",
    "cacert.pem",
)  # fmt: skip


def check_keys(keys: Keys) -> list[Finding]:
    """What is wrong with the keys of a stage that is deployed."""
    gateway = keys.get("use_apigateway", True) and keys.get("apigateway_enabled", True)
    rest = gateway and keys.get("apigateway_version", "v1") == "v1"
    checks = [_entry, _logging, _doors, _limits, _package, _permissions, _network, _unused_keys]
    found = [found for check in (*checks, *([_rest_api] if rest else [])) for found in check(keys)]
    return [*check_names(keys), *found]


def _entry(keys: Keys) -> Iterator[Finding]:
    for key, expected, why in (
        ("app_function", _APP, "Zappa would start another application"),
        ("lambda_handler", _HANDLER, "Zappa's own handler runs code that an event names, and alters bodies and paths"),
    ):
        if keys.get(key) != expected:
            yield fault("zappa", f"{key} is {keys.get(key)!r}: {why}", f'"{key}": "{expected}"')
    if keys.get("prebuild_script") != _PREBUILD:
        what = f"prebuild_script is {keys.get('prebuild_script')!r}: every cold start compiles all code"
        yield warning("zappa", what, f'"prebuild_script": "{_PREBUILD}"')
    callbacks = keys.get("callbacks") or {}
    for name in _CALLBACKS:
        expected = f"access_es.provision.callbacks.{name}"
        if callbacks.get(name) != expected:
            why = "a deployment creates no tables, no bucket and no policy"
            yield fault(
                "zappa", f"callbacks.{name} is {callbacks.get(name)!r}: {why}", f'"{name}": "{expected}" in "callbacks"'
            )


def _logging(keys: Keys) -> Iterator[Finding]:
    if keys.get("debug", True):
        yield fault("zappa", "debug is on, Zappa's default: errors show tracebacks to everybody", '"debug": false')
    if str(keys.get("log_level", "DEBUG")).upper() == "DEBUG":
        why = "the log contains cookies, passwords and AWS session tokens"
        yield fault("zappa", f"log_level is DEBUG, Zappa's default: {why}", '"log_level": "INFO"')
    if keys.get("cloudwatch_data_trace"):
        what = "cloudwatch_data_trace is on: the API logs every body, cookie and password"
        yield fault("zappa", what, '"cloudwatch_data_trace": false')


def _doors(keys: Keys) -> Iterator[Finding]:
    url = keys.get("function_url_config") or {}
    if keys.get("function_url_enabled") and url.get("authorizer", "NONE") == "NONE":
        what = "a Function URL with authorizer NONE lets every AWS account invoke the function directly"
        yield fault("zappa", what, '"function_url_enabled": false, or "function_url_config": {"authorizer": "AWS_IAM"}')
    domain = keys.get("domain") or ""
    if not re.fullmatch(r"[a-z0-9.-]*", domain):
        yield fault("zappa", f"domain is {domain!r}: it must be only a host name", '"domain": "kibana.example.com"')
    if keys.get("base_path"):
        what = "base_path is set: it comes before every path of Kibana and of the API"
        yield warning("zappa", what, 'to have shorter paths, remove "base_path" and give access-es its own host name')
    for key in ("iam_authorization", "api_key_required", "authorizer"):
        if keys.get(key):
            what = f"{key} is set: the gateway refuses browsers, which cannot send a signature or a key"
            yield fault("zappa", what, f'remove "{key}": access-es authenticates users itself')
    if keys.get("cors"):
        what = "cors is set: the gateway answers preflights itself, and hides the domain's own headers"
        yield warning("zappa", what, '"cors": false')


def _rest_api(keys: Keys) -> Iterator[Finding]:
    if not {"REGIONAL", "PRIVATE"} & set(keys.get("endpoint_configuration") or ()):
        what = "the API is edge-optimised, Zappa's default: CloudFront refuses GET requests with a body (403)"
        yield fault("zappa", what, '"endpoint_configuration": ["REGIONAL"]')
    if not keys.get("binary_support", True):
        what = "binary_support is off: compressed and binary answers are corrupted"
        yield fault("zappa", what, '"binary_support": true')
    if keys.get("payload_compression", True):
        what = "payload_compression is on: the API decompresses requests, and compressed secrets can be guessed"
        yield warning("zappa", what, '"payload_compression": false')
    if not keys.get("domain"):
        what = "domain is not set: people use the API's long address, with its stage before every path"
        yield warning(
            "zappa", what, 'for a host name of your own, set "domain" and "certificate_arn", then zappa certify'
        )


def _limits(keys: Keys) -> Iterator[Finding]:
    seconds = keys.get("timeout_seconds", 30)
    if seconds < _MIN_SECONDS:
        what = f"timeout_seconds is {seconds}: the function ends before the gateway stops waiting"
        yield fault("zappa", what, f'"timeout_seconds": {_MAX_SECONDS}')
    elif seconds > _MAX_SECONDS:
        what = f"timeout_seconds is {seconds}: Lambda ends a function after {_MAX_SECONDS} seconds at the latest"
        yield fault("zappa", what, f'"timeout_seconds": {_MAX_SECONDS}')
    elif seconds < _MAX_SECONDS:
        what = f"timeout_seconds is {seconds}: longer queries fail"
        yield warning("zappa", what, f'"timeout_seconds": {_MAX_SECONDS}')
    memory = keys.get("memory_size", 512)
    if not _MIN_MEGABYTES <= memory <= _MAX_MEGABYTES:
        why = (
            "large answers need more, and more memory brings a faster processor"
            if memory < _MIN_MEGABYTES
            else "Lambda offers less"
        )
        yield fault("zappa", f"memory_size is {memory}: {why}", '"memory_size": 1024')


def _package(keys: Keys) -> Iterator[Finding]:
    for pattern in keys.get("exclude") or ():
        if hit := next((name for name in _NEEDED if fnmatch.fnmatch(name, pattern)), None):
            what = f"exclude has {pattern!r}, which removes {hit} in every folder, also in libraries"
            yield fault("zappa", what, f"put the path into exclude_glob instead of {pattern!r} into exclude")
    packing = f"python{sys.version_info.major}.{sys.version_info.minor}"
    if (runtime := keys.get("runtime", packing)) != packing:
        what = f"runtime is {runtime}, but {packing} packs: compiled libraries and bytecode would not work"
        yield fault("zappa", what, f'remove "runtime", or deploy with {runtime}')
    yield from _machine(keys.get("architecture", "x86_64"))
    if keys.get("use_precompiled_packages", True):
        what = "use_precompiled_packages is on, Zappa's default: it adds libraries that were left out on purpose"
        yield warning("zappa", what, '"use_precompiled_packages": false')
    if keys.get("slim_handler"):
        # zappa/core.py, create_lambda_zip: "Slim handler does not take the project files."
        what = "slim_handler packs Zappa's handler without access_es, so the function cannot start"
        yield fault("zappa", what, '"slim_handler": false')


def _machine(processor: str) -> Iterator[Finding]:
    packs = _PROCESSORS.get(platform.machine(), platform.machine())
    if platform.system() != "Linux":
        what = f"this machine runs {platform.system()}, Lambda runs Linux: compiled libraries would not work"
        yield fault("zappa", what, "deploy from a Linux machine, or from a Linux container")
    elif processor != packs:
        what = f"architecture is {processor}, but this machine is {packs}: compiled libraries would not work"
        yield fault("zappa", what, f'"architecture": "{packs}", or deploy from {processor}')


def _permissions(keys: Keys) -> Iterator[Finding]:
    if keys.get("manage_roles", True) and not keys.get("attach_policy"):
        what = "attach_policy is missing: Zappa's default allows s3:*, dynamodb:*, sqs:* and more on all resources"
        yield fault("zappa", what, '"attach_policy": "access_es/provision/no_permissions.json"')


def _network(keys: Keys) -> Iterator[Finding]:
    vpc = keys.get("vpc_config") or {}
    subnets, groups = vpc.get("SubnetIds"), vpc.get("SecurityGroupIds")
    if bool(subnets) != bool(groups):
        missing = "SecurityGroupIds" if subnets else "SubnetIds"
        yield fault("zappa", f"vpc_config has no {missing}", f'"{missing}": […] in "vpc_config"')


def _unused_keys(keys: Keys) -> Iterator[Finding]:
    if keys.get("remote_env"):
        what = "remote_env is set: if Zappa cannot read it, the function starts without it and without an error"
        yield fault("zappa", what, '"CONFIG": "s3://…" in environment_variables instead of "remote_env"')
    if keys.get("touch", True) and keys.get("touch_path") != "/--access-es/health":
        what = "touch_path is not the health page: a slow domain makes Zappa report a failed deployment"
        yield warning("zappa", what, '"touch_path": "/--access-es/health"')
    if keys.get("async_response_table") or keys.get("async_source"):
        what = "async_response_table and async_source are not used: long queries use TASKS_TABLE"
        yield warning("zappa", what, "remove them")
