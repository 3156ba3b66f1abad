"""What can go wrong with a task, in the words its user reads."""

from __future__ import annotations

from access_es.errors import AccessEsError, DomainTimeout


class TasksUnusable(AccessEsError):
    """The store of tasks cannot be read or written. `detail` says why."""

    status = 503
    code = "tasks_unavailable"
    layer = "tasks"
    message = "Long queries cannot be followed at the moment. Try again in a few seconds."


class NotStarted(AccessEsError):
    """Certain: the task can never begin any more."""

    status = 503
    code = "task_not_started"
    layer = "tasks"
    message = (
        "The request could not be started as a task. Nothing of it was sent to the domain; it is safe to send it again."
    )

    @property
    def extra_headers(self) -> tuple[tuple[str, str], ...]:
        return (("Retry-After", "5"),)


class TaskLost(AccessEsError):
    """A task began and no longer gives a sign of life."""

    status = 504
    code = "task_lost"
    layer = "tasks"
    message = (
        "The task that carried this request out has died. Whether the domain did what was asked is not known; look "
        "before you send it again."
    )


class SearchLost(TaskLost):
    message = "The task that carried this search out has died. A search changes nothing: it is safe to send it again."


class TaskCrashed(AccessEsError):
    """Something unforeseen ended the task."""

    status = 500
    code = "task_broke"
    layer = "tasks"
    message = "The task that carried this request out has failed. Whether the domain did what was asked is not known."


class TaskTooLong(AccessEsError):
    """The task's own time is over."""

    status = 504
    code = "task_too_long"
    layer = "tasks"
    message = "The domain did not answer while the task could run. Whether it did what was asked is not known."


class ResultNotStored(AccessEsError):
    """The domain has answered, and only the answer is lost. `status_answered` is its HTTP status."""

    status = 502
    code = "result_not_kept"
    layer = "tasks"

    def __init__(self, status_answered: int, *, detail: str = "") -> None:
        super().__init__(
            f"The domain carried the request out and answered with status {status_answered}, but its answer could not "
            "be kept to be fetched.",
            detail=detail,
        )


class ResultLost(AccessEsError):
    """A result is known, but its body cannot be read."""

    status = 502
    code = "result_lost"
    layer = "tasks"
    message = "The result of this task can no longer be read."


class OutOfTime(DomainTimeout):
    """The front door is about to hang up, so we say so ourselves."""

    code = "gateway_timeout"
    layer = "access-es"

    def __init__(self, *, can_wait: bool, detail: str = "") -> None:
        way = " Send it with the header 'Prefer: respond-async', and it may take longer." if can_wait else ""
        super().__init__(
            "The domain did not answer before the gateway hangs up. Whether it did, or still does, what was asked "
            f"is not known.{way}",
            detail=detail,
        )


class TaskFailed(AccessEsError):
    """An error of the task itself, kept as its result."""

    def __init__(self, status: int, code: str, layer: str, message: str) -> None:
        self.status, self.code, self.layer = status, code, layer  # type: ignore[misc]  # of this one failure
        super().__init__(message)
