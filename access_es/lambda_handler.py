"""The Lambda entry point, in place of Zappa's: it decides which events it takes.

Zappa's own entry runs code that an event names (`command`, `raw_command`, `manage`, …): whoever may invoke the function
owns its role. Here an event is an HTTP request, a task of ours or a keep-warm ping, or it is refused. HTTP goes past
Zappa's translation to WSGI and back, which loses bytes both ways (zappa/Zappa#836, #1155, Miserlou/Zappa#696, #1965).
"""

# ruff: noqa: E402
from __future__ import annotations

import gc

gc.disable()  # while modules load there is nothing to collect, and looking for it takes a tenth of a cold start

import importlib
import logging
import os
import time
import warnings
from functools import cache
from typing import Any

# requests guesses the encodings of texts with it. Nobody here reads a text, so it is not packed: it takes long to load.
warnings.filterwarnings("ignore", "Unable to find acceptable character detection dependency")

from access_es.app import create_proxy
from access_es.delivery.lambda_answer import build_answer
from access_es.errors import AccessEsError
from access_es.front_doors import FrontDoor, detect_door, with_limits_of
from access_es.ingress.lambda_event import placeholder_request, read_event
from access_es.proxy import Proxy
from access_es.tasks import task_id
from access_es.wsgi import open_services

TASK_MARGIN_SECONDS = 5.0  # to report the timeout and store it
log = logging.getLogger("access_es.lambda")


def lambda_handler(event: Any, context: Any) -> Any:
    """Answer one event: an HTTP door's answer, None to a task or a keep-warm ping, a refusal to anything else."""
    door = detect_door(event)
    if door is not None:
        return answer_http(door, event, context)
    task = task_id(event)
    if task is not None:
        return run_task(task, context)
    if is_keep_warm(event):
        return warm()
    return refuse(event)


def answer_http(door: FrontDoor, event: Any, context: Any) -> Any:
    proxy = load_proxy()
    door = with_limits_of(door, proxy.front_door)
    if door.idle_seconds is not None:
        from access_es.streaming.handler import answer_streaming  # no other door needs it

        return answer_streaming(proxy, door, event, context, _runtime_api())
    try:
        request = read_event(event, context, door)
    except AccessEsError as error:
        request = placeholder_request()
        response = proxy.refuse(error, request)
    else:
        response = proxy.reply(request, door)
    body = b"".join(response.body)
    return build_answer(door, response.status, response.headers, body, method=request.method, reason=response.reason)


def run_task(id: str, context: Any) -> None:
    """Carry out a long query, until shortly before Lambda ends the function. Returns nothing, for Lambda to keep."""
    left = getattr(context, "get_remaining_time_in_millis", None)
    load_proxy().run_task(id, left() / 1000 - TASK_MARGIN_SECONDS if callable(left) else None)


def is_keep_warm(event: Any) -> bool:
    """Whether this is the schedule that Zappa's `keep_warm` makes: a rule of ours, named after its function."""
    if not isinstance(event, dict) or event.get("detail-type") != "Scheduled Event":
        return False
    resources = event.get("resources")
    rule = resources[0] if isinstance(resources, list) and resources else None
    return isinstance(rule, str) and rule.rpartition("/")[2].endswith("-handler.keep_warm_callback")


def warm() -> None:
    """Load what the next request needs, so that it need not wait."""
    began = time.perf_counter()
    ready = load_proxy().warm()
    log.info(
        "Kept warm in %.0f ms; the domain %s.",
        (time.perf_counter() - began) * 1000,
        "answers" if ready else "does not answer",
    )


def refuse(event: Any) -> dict[str, str]:
    """Refuse any other event. The log gets its keys, not its values."""
    keys = ", ".join(sorted(map(str, event))[:20]) if isinstance(event, dict) else type(event).__name__
    log.warning("Refused an event that is neither HTTP nor a task nor a keep-warm ping: %s", keys)
    return {"refused": "access-es handles only HTTP events, its own tasks and keep-warm pings."}


def _runtime_api() -> str:
    return os.environ.get("AWS_LAMBDA_RUNTIME_API", "")


@cache
def load_proxy() -> Proxy:
    """The app, once per process. Raises SettingsError."""
    _apply_packed_settings()
    return create_proxy(open_services())


def _apply_packed_settings() -> None:
    """What Zappa packed of the stage: its variables and its log level, applied as zappa/handler.py does.

    Importing that loads asyncio, boto3, multiprocessing and Werkzeug too: they serve frameworks and events that never
    come here, and take longer than all of ours.
    """
    packed: Any = importlib.import_module("zappa_settings")
    logging.basicConfig()
    if packed.LOG_LEVEL:
        logging.getLogger().setLevel(packed.LOG_LEVEL)
    os.environ.update(packed.ENVIRONMENT_VARIABLES)


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:  # in Lambda: the init phase has a full processor, an invocation has not
    started = load_proxy()
    started.prepare()
    if started.streams:
        from access_es.streaming.handler import prepare_runtime

        prepare_runtime(_runtime_api())

gc.freeze()  # what is loaded by now stays; no collection need look at it again
gc.enable()
