"""Makes Lambda's Python runtime client stream. AWS has no such client for Python yet (aws-lambda-roadmap#39).

Its documents offer the marshaller for overriding; the method that posts a result is overridden beside it. Seen working
with awslambdaric 2.0.8, 3.0.2, 3.1.1 and 4.2.2. AWS updates the runtime by itself, so what is not as expected is found
here, at the start, and said once.
"""

from __future__ import annotations

import importlib
import inspect
import logging
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, Literal

from access_es.streaming.answer import MEDIA_TYPE, StreamedAnswer, WholeAnswer
from access_es.streaming.response_post import post_streamed

# What the runtime can be taught: to stream; to post a whole answer of the streaming type; or nothing.
Ability = Literal["stream", "whole", "none"]
_MODULE = "awslambdaric.lambda_runtime_client"
_CLASSES = ("BaseLambdaRuntimeClient", "LambdaRuntimeClient")  # since 4.0, before
_POST = "post_invocation_result"
_ARGUMENTS = 4  # itself, the invocation, the result, its type
_FIX = 'Set "STREAMING" to "false" and run `zappa update`, or use a version of access-es that knows this runtime.'
log = logging.getLogger("access_es.streaming")


def override_runtime(address: str, load: Callable[[str], ModuleType] = importlib.import_module) -> Ability:
    """Override what can be; `address` is the Runtime API's. Logs what is missing. To be called once."""
    client = _find_client(load)
    if client is None or not _override_marshaller(client):
        log.error("This Lambda runtime's client is not one that can stream: every answer will be an error. %s", _FIX)
        return "none"
    if not _is_post_as_expected(client):
        log.error("This Lambda runtime's client cannot stream: answers are sent whole, up to 6 MB. %s", _FIX)
        return "whole"
    _override_post(client, address)
    return "stream"


def _find_client(load: Callable[[str], ModuleType]) -> Any:
    try:
        module = load(_MODULE)
    except ImportError:
        return None
    return next((found for name in _CLASSES if isinstance(found := getattr(module, name, None), type)), None)


def _override_marshaller(client: Any) -> bool:
    marshaller: Any = getattr(client, "marshaller", None)
    original = getattr(marshaller, "marshal_response", None)
    if not callable(original):
        return False

    def marshal_response(response: Any) -> Any:
        if isinstance(response, StreamedAnswer):
            return response, MEDIA_TYPE
        if isinstance(response, WholeAnswer):
            return response.payload, MEDIA_TYPE
        return original(response)

    marshaller.marshal_response = marshal_response
    return True


def _is_post_as_expected(client: Any) -> bool:
    """Whether there is such a method, takes what it took, and is everybody's."""
    method = getattr(client, _POST, None)
    if not callable(method) or any(_POST in vars(each) for each in _subclasses(client)):
        return False
    return len(inspect.signature(method).parameters) >= _ARGUMENTS


def _subclasses(client: type[Any]) -> Iterator[type[Any]]:
    for each in client.__subclasses__():
        yield each
        yield from _subclasses(each)


def _override_post(client: Any, address: str) -> None:
    original = getattr(client, _POST)

    def post_invocation_result(
        self: Any, invoke_id: str, result: Any, content_type: str = "application/json", *rest: Any, **named: Any
    ) -> None:
        if isinstance(result, StreamedAnswer):
            post_streamed(address, invoke_id, result, *rest[:1], **_known(named))
        else:
            original(self, invoke_id, result, content_type, *rest, **named)

    setattr(client, _POST, post_invocation_result)


def _known(named: dict[str, Any]) -> dict[str, Any]:
    """4.x adds the invocation's own id, which is to be sent back."""
    return {name: value for name, value in named.items() if name == "invocation_id"}
