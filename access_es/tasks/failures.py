"""The errors of tasks, with the sentences that users read."""

from __future__ import annotations

from access_es.errors import AccessEsError, DomainTimeout

_MINUTES_FROM_SECONDS = 120


class TasksUnusable(AccessEsError):
    """The store of tasks cannot be read or written. `detail` says why."""

    status = 503
    code = "tasks_unavailable"
    layer = "tasks"
    title = "Long queries cannot be followed"
    is_temporary = True
    message = "The state of long queries cannot be read at the moment. Try again in a few seconds."


class NotStarted(AccessEsError):
    """The task did not start and never will."""

    status = 503
    code = "task_not_started"
    layer = "tasks"
    title = "This query could not be started"
    is_temporary = True
    message = (
        "The request could not be started as a task. Nothing was sent to the domain, so it is safe to send it again."
    )

    @property
    def extra_headers(self) -> tuple[tuple[str, str], ...]:
        return (("Retry-After", "5"),)


class TaskLost(AccessEsError):
    """A task started, and its heartbeat stopped."""

    status = 504
    code = "task_lost"
    layer = "tasks"
    title = "This query did not end well"
    message = (
        "The task that ran this request has stopped unexpectedly. Whether the domain carried out the request is not "
        "known. Check before you send it again."
    )


class SearchLost(TaskLost):
    message = "The task that ran this search has stopped unexpectedly. It is safe to send the search again."


class TaskCrashed(AccessEsError):
    """An unexpected error ended the task."""

    status = 500
    code = "task_broke"
    layer = "tasks"
    title = "This query did not end well"
    message = "The task that ran this request has failed. Whether the domain carried out the request is not known."


class TaskTooLong(AccessEsError):
    """The task ran until its time limit, `seconds` after its start."""

    status = 504
    code = "task_too_long"
    layer = "tasks"
    title = "This query takes too long"

    def __init__(self, seconds: float) -> None:
        limit = f"{seconds / 60:.0f} minutes" if seconds >= _MINUTES_FROM_SECONDS else f"{seconds:.0f} seconds"
        super().__init__(
            f"The domain did not answer within {limit}, the time limit of a task. Whether it carried out the request "
            "is not known. For work that takes longer, use the domain's own background tasks: _async_search for a "
            "search, wait_for_completion=false for _reindex and the like."
        )


class ResultNotStored(AccessEsError):
    """The domain answered, but its answer could not be stored. `status_answered` is its HTTP status."""

    status = 502
    code = "result_not_kept"
    layer = "tasks"
    title = "The result of this query is lost"

    def __init__(self, status_answered: int, *, detail: str = "") -> None:
        super().__init__(
            f"The domain carried out the request and answered with status {status_answered}, but its answer could not "
            "be stored.",
            detail=detail,
        )


class ResultLost(AccessEsError):
    """A task has a result, but its body cannot be read."""

    status = 502
    code = "result_lost"
    layer = "tasks"
    title = "The result of this query is lost"
    message = "The result of this task can no longer be read."


class OutOfTime(DomainTimeout):
    """Sent shortly before the front door would answer with a timeout of its own."""

    code = "gateway_timeout"
    layer = "access-es"

    def __init__(self, *, can_wait: bool, detail: str = "") -> None:
        way = " To let it take longer, send it with the header 'Prefer: respond-async'." if can_wait else ""
        super().__init__(
            "The domain did not answer in the time that the gateway waits. Whether it carries out the request is not "
            f"known.{way}",
            detail=detail,
        )


class TaskFailed(AccessEsError):
    """The error that a task ended with, as it was stored."""

    def __init__(self, status: int, code: str, layer: str, message: str) -> None:
        self.status, self.code, self.layer = status, code, layer  # type: ignore[misc]  # of this one failure
        super().__init__(message)
