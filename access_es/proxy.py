"""Handles one request: read it, authenticate it, sign and forward it, return the answer, write the audit line."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from access_es.audit import Entry
from access_es.authorization import Authorization
from access_es.delivery.cross_origin import CrossOrigin
from access_es.delivery.error_response import redirect, render_failure
from access_es.delivery.wsgi import AuditedBody, emit
from access_es.errors import AccessEsError, BadRequest, Forbidden, NotSignedIn
from access_es.front_doors import RESPONSE_MARGIN_SECONDS, FrontDoor, find_door
from access_es.ingress import read_request
from access_es.ingress.request_line import explain_method, explain_target
from access_es.messages import Grant, Held, ProxyRequest, ProxyResponse, has_no_body
from access_es.services import Services
from access_es.sign_in.cross_site import refuse_cross_site
from access_es.sign_in.identity import Caller
from access_es.sign_in.renewal import is_renewal_due, renewal_path
from access_es.tasks.poll import is_poll, poll
from access_es.tasks.replies import OwnReply
from access_es.tasks.store import TaskRequest
from access_es.upload import take_upload
from access_es.upstream.headers import response_headers

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication

    from access_es.pages.site import Site

log = logging.getLogger("access_es.proxy")


class Proxy:
    """The WSGI application: serves our own pages, and forwards every other request to the domain."""

    def __init__(self, load_site: Callable[[], Site], services: Services, authorization: Authorization) -> None:
        self.load_site = load_site
        self._services = services
        self._authorization = authorization
        self._cross_origin = CrossOrigin(services.cors_origins)
        self._emulated_door = find_door(services.front_door)  # locally, its limits can be watched

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        request = read_request(environ)
        if self._emulated_door is not None:
            return self._emit_emulated(self._emulated_door, request, start_response)
        entry = self._begin_entry(request)
        if _is_page(request):
            environ["access_es.request"] = request
            environ["access_es.entry"] = entry
            return _AuditedPage(self.load_site().serve, environ, start_response, entry)
        response = self._catch_errors(lambda: self.answer(request, entry), request, entry)
        return emit(response, start_response, entry)

    def reply(self, request: ProxyRequest, door: FrontDoor) -> ProxyResponse:
        """The complete response in memory, made to fit a front door that cannot stream."""
        from access_es.delivery.buffered import buffer_answer  # never needed locally
        from access_es.pages.run import run_own_page

        entry = self._begin_entry(request)

        def produce() -> ProxyResponse:
            if _is_page(request):
                return run_own_page(self.load_site().serve, request, entry)
            return buffer_answer(self.answer(request, entry), request, entry, door, self._services.overflow)

        response = self._catch_errors(produce, request, entry)
        entry.status, entry.bytes_out = response.status, response.length_bytes or 0
        entry.finish()
        return response

    def stream(self, request: ProxyRequest, door: FrontDoor) -> ProxyResponse:
        """The answer for a door that streams: its head now, its body as it arrives."""
        from access_es.delivery.streamed import stream_answer  # never needed elsewhere
        from access_es.pages.run import run_own_page

        entry = self._begin_entry(request)

        def produce() -> ProxyResponse:
            if _is_page(request):
                return run_own_page(self.load_site().serve, request, entry)
            return stream_answer(self.answer(request, entry), request, entry, door, self._services.overflow)

        response = self._catch_errors(produce, request, entry)
        entry.status = response.status
        if has_no_body(request.method, response.status):
            response.body.close()
            response = replace(response, body=Held(), length_bytes=0)
        return replace(response, body=AuditedBody(response, entry))

    def _emit_emulated(self, door: FrontDoor, request: ProxyRequest, start_response: StartResponse) -> Iterable[bytes]:
        """The response under the limits of this front door, which a local server emulates."""
        if door.seconds is not None:
            request = replace(request, answer_by=time.monotonic() + door.seconds - RESPONSE_MARGIN_SECONDS)
        return emit(self.reply(request, door), start_response, Entry(request, None))

    def refuse(self, error: AccessEsError, request: ProxyRequest) -> ProxyResponse:
        """The error response to an event that could not be read; `request` stands for it, in the audit too."""
        entry = self._begin_entry(request)
        response = self._refuse(error, request, entry)
        entry.status, entry.bytes_out = response.status, response.length_bytes or 0
        entry.finish()
        return response

    def _refuse(self, error: AccessEsError, request: ProxyRequest, entry: Entry) -> ProxyResponse:
        """The error response for the client."""
        if error.detail:
            log.warning("%s: %s [%s]", error.code, error.detail, request.id)
        entry.note_failure(error)
        entry.delivery = "error"
        as_text = entry.token in self._services.text_error_tokens
        response = render_failure(error, request, self._render_error, as_text=as_text)
        return self._cross_origin.share(response, request) if self._shares(request) else response

    def _begin_entry(self, request: ProxyRequest) -> Entry:
        return Entry(request, self._services.write_audit, self._services.measure)

    @property
    def front_door(self) -> str | None:
        """The front door that the settings name; None: each event shows its own."""
        return self._services.front_door

    @property
    def streams(self) -> bool:
        """Whether the settings want a door that streams."""
        return self._services.streaming

    def run_task(self, id: str, seconds: float | None) -> None:
        """Carry out a long query, in a process that may go on for `seconds`."""
        if self._services.tasks.runner is None:
            log.warning("A task arrived, but TASKS_TABLE is not set. It was ignored.")
        else:
            self._services.tasks.runner.run(id, seconds)

    def prepare(self) -> None:
        """Make what the first request would wait for."""
        self._services.prepare()

    def warm(self) -> bool:
        """Load our own pages, fetch credentials and open a connection to the domain; whether it answers."""
        self.load_site()
        return self._services.warm()

    def _render_error(self, facts: Mapping[str, Any]) -> str:
        return self.load_site().render_error(facts)

    def _render_waiting(self, facts: Mapping[str, Any]) -> str:
        return self.load_site().render_waiting(facts)

    def _catch_errors(self, produce: Callable[[], ProxyResponse], request: ProxyRequest, entry: Entry) -> ProxyResponse:
        try:
            return produce()
        except AccessEsError as error:
            return self._refuse(error, request, entry)
        except Exception:
            log.exception("Unexpected error [%s]", request.id)
            return self._refuse(AccessEsError(), request, entry)

    def answer(self, request: ProxyRequest, entry: Entry) -> ProxyResponse:
        """The domain's answer to an admitted request. Raises an AccessEsError otherwise."""
        if request.is_probe:
            from access_es.door_probe.answer import answer_probe  # hardly ever needed

            accounts = self._services.accounts
            return answer_probe(request, accounts.settings.secrets, accounts.clock())
        if not self._shares(request):
            return self._answer(request, entry)
        preflight = self._cross_origin.preflight(request)
        if preflight is not None:
            entry.delivery = "preflight"
        return preflight or self._cross_origin.share(self._answer(request, entry), request)

    def _shares(self, request: ProxyRequest) -> bool:
        """Whether scripts of other origins may read the answer: never one of our own pages."""
        return bool(self._services.cors_origins) and (not request.is_for_us or is_poll(request))

    def _answer(self, request: ProxyRequest, entry: Entry) -> ProxyResponse:
        caller = self._admit(request)
        entry.note_caller(caller)
        if self._services.user_limit:
            entry.leave = self._services.user_limit.enter(caller.user)
        if (
            caller.renew_at
            and request.is_navigation
            and is_renewal_due(caller, request, self._services.accounts.clock())
        ):
            entry.delivery = "redirect"
            return redirect(renewal_path(request))
        if request.target == b"/" and request.is_navigation:
            entry.delivery = "redirect"
            return redirect(request.mount + self._services.home_path())
        answer = self._poll(request, caller) if is_poll(request) else self._ask_domain(request, caller, entry)
        if isinstance(answer, OwnReply):
            entry.delivery = answer.how
            return answer.response
        return self._pass_back(answer, request)

    def _poll(self, request: ProxyRequest, caller: Caller) -> ProxyResponse | OwnReply:
        granted: list[Grant | None] = []

        def check(task: TaskRequest) -> None:
            self._authorization.check_result(caller, task)
            granted.append(task.grant)

        is_limited = self._authorization.limiting_roles(caller) is not None
        answer = poll(
            self._services.tasks.service, request, caller.user, self._render_waiting, check if is_limited else None
        )
        if isinstance(answer, OwnReply) or not granted:
            return answer
        return self._authorization.seal(caller, answer, granted[0])

    def _ask_domain(self, request: ProxyRequest, caller: Caller, entry: Entry) -> ProxyResponse | OwnReply:
        if request.mount:
            from access_es.mounting.request import unmount_request  # never needed without a mount

            request = unmount_request(request)
        with take_upload(request.body) as upload:
            entry.bytes_in = upload.length_bytes
            request, upload = self._authorization.admit(caller, request, upload, entry)
            started = time.perf_counter()
            try:
                answer = self._services.tasks.long_queries.ask(request, caller.user, upload, entry.note_task)
            finally:
                entry.upstream_seconds = time.perf_counter() - started
        if isinstance(answer, OwnReply):
            return answer
        entry.layer = answer.refused_by
        return self._authorization.seal(caller, answer, request.grant)

    def _admit(self, request: ProxyRequest) -> Caller:
        if fault := explain_method(request.method) or explain_target(request.target):
            raise BadRequest(fault)
        if request.header("service-worker") is not None and request.path.count(b"/") == 1:
            # It would be asked for every page of its folder: here, for our own, passwords and tokens included.
            raise Forbidden("A service worker for this whole site is not forwarded.")
        caller = self._services.accounts.identity.identify(
            request.headers, scheme=request.scheme, client_address=request.client_address
        )
        if caller is None:
            raise NotSignedIn
        if not (self._shares(request) and self._cross_origin.allows(request)):
            refuse_cross_site(request.method, request.headers, caller.how)
        return caller

    def _pass_back(self, answer: ProxyResponse, request: ProxyRequest) -> ProxyResponse:
        our_url = f"{request.scheme}://{request.header('host') or ''}{request.mount}"
        headers = response_headers(answer.headers, self._services.domain.endpoint.url, our_url, request.mount)
        if request.method == "HEAD" or answer.status == 304:
            length = answer.header("content-length")
            if length is not None:
                headers = (*headers, ("Content-Length", length))  # the length that a GET would have had
        passed_on = answer.with_headers(headers)
        if not request.mount:
            return passed_on
        from access_es.mounting.answer import mount_answer  # never needed without a mount

        return mount_answer(passed_on, request)


def _is_page(request: ProxyRequest) -> bool:
    """Whether this is one of our own pages, and not an answer like the domain's."""
    return request.is_for_us and not is_poll(request) and not request.is_probe


class _AuditedPage:
    """One of our own pages. Its audit line is written when it has been sent."""

    def __init__(
        self, pages: WSGIApplication, environ: dict[str, Any], start_response: StartResponse, entry: Entry
    ) -> None:
        self._entry = entry

        def note(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:
            entry.status = int(status[:3])
            return start_response(status, headers, exc_info)

        entry.delivery = "page"
        self._body = pages(environ, note)

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._body:
            yield chunk
            self._entry.bytes_out += len(chunk)

    def close(self) -> None:
        if hasattr(self._body, "close"):
            self._body.close()
        self._entry.finish()
