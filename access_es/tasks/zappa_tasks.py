"""Tasks as invocations of our own Lambda function, sent by Zappa.

An event names a task and holds nothing of it: the request lies in the table. So bodies of any size fit (Zappa refuses
more than 256,000 characters), an event that is logged says nothing, and one that is forged can only start what waits.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from access_es.lazy_dataclass import dataclass

TASK_PATH = "access_es.lambda_handler.run_task"
_COMMAND = "zappa.asynchronous.route_lambda_task"
_ID = re.compile(r"[A-Za-z0-9_-]{16,64}")


class ZappaStarter:
    """`zappa.asynchronous` makes four AWS clients when it is imported, in a tenth of a second: so not before.

    None of them is used: in a VPC without a way to Lambda its own would wait five minutes. `make_client` gives another.
    """

    def __init__(self, function_name: str, make_client: Callable[[], Any]) -> None:
        self._function_name = function_name
        self._session = _Session(cache(make_client))

    def start(self, id: str) -> None:
        from zappa.asynchronous import LambdaAsyncResponse

        LambdaAsyncResponse(self._function_name, boto_session=self._session).send(TASK_PATH, [id], {})


@dataclass(frozen=True, slots=True)
class _Session:
    """The part of a boto3 session that Zappa uses."""

    make_client: Callable[[], Any]

    def client(self, service: str) -> Any:
        return self.make_client()


def is_task_event(event: Any) -> bool:
    """Whether this event is one of our tasks: exactly what ZappaStarter sent."""
    return task_id(event) is not None


def task_id(event: Any) -> str | None:
    """The task that an event names; None where it is not exactly what ZappaStarter sends."""
    args = event.get("args") if isinstance(event, dict) else None
    if not isinstance(args, list) or len(args) != 1 or not isinstance(args[0], str) or not _ID.fullmatch(args[0]):
        return None
    return args[0] if event == _message(args[0]) else None


def _message(id: str) -> dict[str, Any]:
    """The event that Zappa makes from a call (zappa.asynchronous, `send`)."""
    return {
        "task_path": TASK_PATH,
        "capture_response": False,
        "response_id": None,
        "args": [id],
        "kwargs": {},
        "command": _COMMAND,
    }
