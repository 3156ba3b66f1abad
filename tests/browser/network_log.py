"""Notes what goes on in a page: every answer, every request that failed, every error told to the console."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request, Response


@dataclass(frozen=True)
class Answer:
    """One answer that the page got. `target` is path and query; `kind` is what the browser wanted it for."""

    method: str
    target: str
    status: int
    kind: str
    content_type: str
    sent: bytes | None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def is_for_a_script(self) -> bool:
        return self.kind in ("xhr", "fetch")


@dataclass
class Watch:
    """What a page has seen since it is watched."""

    answers: list[Answer] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    pending: set[Request] = field(default_factory=set)  # on their way
    console: list[tuple[str, str]] = field(default_factory=list)  # each error, and the address it is about

    def refusals(self) -> list[Answer]:
        """The answers of status 400 and above."""
        return [answer for answer in self.answers if answer.status >= 400]

    def complaints(self, expected_paths: tuple[str, ...] = ()) -> list[str]:
        """What should not have happened; an answer of 400 and above may be expected, by its path."""
        unexpected = [answer for answer in self.refusals() if answer.path not in expected_paths]
        errors = [text for text, address in self.console if urlsplit(address).path not in expected_paths]
        return [*map(str, unexpected), *self.failures, *errors]


def watch(page: Page) -> Watch:
    """Watch a page from now on."""
    notes = Watch()

    def note_answer(response: Response) -> None:
        request = response.request
        address = urlsplit(response.url)
        target = address.path + (f"?{address.query}" if address.query else "")
        content_type = response.headers.get("content-type", "")
        kind, sent = request.resource_type, request.post_data_buffer
        notes.answers.append(Answer(request.method, target, response.status, kind, content_type, sent))

    def note_failure(request: Request) -> None:
        notes.pending.discard(request)
        notes.failures.append(f"{request.method} {request.url}: {request.failure}")

    def note_console(message: ConsoleMessage) -> None:
        if message.type == "error":
            notes.console.append((message.text, message.location["url"]))

    # Not the methods themselves: Playwright keeps an attribute at what it calls.
    page.on("request", lambda request: notes.pending.add(request))
    page.on("requestfinished", lambda request: notes.pending.discard(request))
    page.on("response", note_answer)
    page.on("requestfailed", note_failure)
    page.on("console", note_console)
    page.on("pageerror", lambda error: notes.console.append((str(error), "")))
    return notes
