"""Whether the client of a request is still there, where its connection can be seen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from access_es.errors import AccessEsError


class ClientPresence(Protocol):
    """The client of one request, where its connection can be seen."""

    @property
    def is_gone(self) -> bool:
        """Whether it has hung up."""
        ...

    def watch(self, act: Callable[[], object]) -> Callable[[], None]:
        """Have `act` called once when it hangs up, or at once if it has; what is returned ends that."""
        ...


class ClientGone(AccessEsError):
    """The client hung up. Only the audit sees this; the status is the one that nginx notes for it."""

    status = 499
    code = "client_gone"
    message = "The client hung up before its answer."
