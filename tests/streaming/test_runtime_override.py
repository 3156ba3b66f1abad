"""What of a runtime client can be overridden, and what is said where something is missing."""

from __future__ import annotations

import logging
from types import ModuleType
from typing import Any

import pytest

from access_es.messages import Held
from access_es.streaming.answer import MEDIA_TYPE, StreamedAnswer, WholeAnswer
from access_es.streaming.runtime_override import override_runtime


class Marshaller:
    def marshal_response(self, response: object) -> tuple[object, str]:
        return response, "application/json"


def client_module(class_name: str = "LambdaRuntimeClient", *, post: bool = True, marshaller: bool = True) -> ModuleType:
    """As awslambdaric's, up to what is left out."""
    posted: list[Any] = []

    def post_invocation_result(
        self: object, invoke_id: str, result: object, content_type: str = "application/json"
    ) -> None:
        posted.append((invoke_id, result, content_type))

    body: dict[str, Any] = {"posted": posted}
    body |= {"post_invocation_result": post_invocation_result} if post else {}
    body |= {"marshaller": Marshaller()} if marshaller else {}
    module = ModuleType("awslambdaric.lambda_runtime_client")
    setattr(module, class_name, type(class_name, (), body))
    return module


@pytest.mark.parametrize("class_name", ["LambdaRuntimeClient", "BaseLambdaRuntimeClient"])
def test_every_known_client_learns_to_stream_and_still_posts_the_rest(class_name: str) -> None:
    module = client_module(class_name)
    assert override_runtime("unused", lambda name: module) == "stream"
    client = getattr(module, class_name)
    streamed = StreamedAnswer(b"", Held())
    assert client.marshaller.marshal_response(streamed) == (streamed, MEDIA_TYPE)
    assert client.marshaller.marshal_response({"a": 1}) == ({"a": 1}, "application/json")
    client().post_invocation_result("id", "{}", "application/json")
    assert client.posted == [("id", "{}", "application/json")]


def _subclass_of_its_own(module: ModuleType) -> ModuleType:
    module.Other = type("Other", (module.LambdaRuntimeClient,), {"post_invocation_result": print})  # type: ignore[attr-defined]
    return module


def _other_arguments(module: ModuleType) -> ModuleType:
    module.LambdaRuntimeClient.post_invocation_result = lambda self, result: None
    return module


@pytest.mark.parametrize(
    "module",
    [client_module(post=False), _subclass_of_its_own(client_module()), _other_arguments(client_module())],
    ids=["no method", "another class has its own", "other arguments"],
)
def test_a_client_that_posts_otherwise_sends_whole_answers(
    module: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        assert override_runtime("unused", lambda name: module) == "whole"
    assert "answers are sent whole" in caplog.text and "STREAMING" in caplog.text
    marshal = module.LambdaRuntimeClient.marshaller.marshal_response
    assert marshal(WholeAnswer(b"all")) == (b"all", MEDIA_TYPE)


@pytest.mark.parametrize("module", [None, client_module("Renamed"), client_module(marshaller=False)])
def test_a_client_of_other_names_is_said_to_be_unknown(
    module: ModuleType | None, caplog: pytest.LogCaptureFixture
) -> None:
    def load(name: str) -> ModuleType:
        if module is None:
            raise ImportError(name)
        return module

    with caplog.at_level(logging.ERROR):
        assert override_runtime("unused", load) == "none"
    assert "not one that can stream" in caplog.text
