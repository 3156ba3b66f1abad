"""The doors by the names that FRONT_DOOR has for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from access_es.demo.cloud.doors.alb import LoadBalancer
from access_es.demo.cloud.doors.function_url import FunctionUrl
from access_es.demo.cloud.doors.http_api import HttpApi
from access_es.demo.cloud.doors.messages import ApiSettings, Door
from access_es.demo.cloud.doors.rest_api import RestApi
from access_es.demo.cloud.doors.rest_streaming import StreamingRestApi
from access_es.front_doors import STREAM_VARIABLE

STREAMING_NAMES = ("rest-streaming", "rest-streaming-edge")
NAMES = ("rest", "rest-stage", "http", "http-stage", "url", "alb", "alb-single")
BASE_PATH = "/logs/v1"


def open_door(name: str, stage: str = "dev", responses: Mapping[str, Mapping[str, Any]] | None = None) -> Door:
    """One of NAMES or STREAMING_NAMES, or `rest-base`: a custom domain that maps BASE_PATH to the API.

    `-stage` are the APIs' own addresses, whose paths begin with the stage. `responses` are a REST API's gateway
    responses, by their type.
    """
    rest = ApiSettings(stage, responses=responses or {})
    doors: dict[str, Door] = {
        "rest": RestApi(rest),
        "rest-streaming": _streaming(rest, 300),
        "rest-streaming-edge": _streaming(rest, 30),
        "rest-stage": RestApi(replace(rest, own_domain=False)),
        "rest-base": RestApi(replace(rest, base_path=BASE_PATH)),
        "http": HttpApi(),
        "http-stage": HttpApi(replace(HttpApi().settings, stage=stage, own_domain=False)),
        "url": FunctionUrl(),
        "alb": LoadBalancer(multi_value=True),
        "alb-single": LoadBalancer(multi_value=False),
    }
    return doors[name]


def _streaming(rest: ApiSettings, idle_seconds: int) -> StreamingRestApi:
    """As provisioning leaves it: the stage's variable agrees with its integration."""
    settings = replace(rest, variables={STREAM_VARIABLE: str(idle_seconds)})
    return StreamingRestApi(RestApi(settings), idle_seconds)
