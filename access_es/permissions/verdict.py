"""What comes out of judging a request: allowed by which rule, or refused with a sentence that helps."""

from __future__ import annotations

from typing import IO, Literal, Protocol

from access_es.lazy_dataclass import dataclass
from access_es.messages import Headers

NeedAction = Literal["read", "write", "manage", "view", "edit", "any"]
CursorKind = Literal["scroll", "pit", "task"]
_VERBS: dict[NeedAction, str] = {
    "read": "read", "write": "write to", "manage": "manage", "view": "use", "edit": "save in", "any": "use",
}  # fmt: skip
_GERUNDS = {"read": "reading", "write": "writing to", "manage": "managing"}
_MOST_SHOWN = 200


class Content(Protocol):
    """A request body that can be read as often as needed, from its first byte: `upload.Upload`."""

    length_bytes: int

    def content(self) -> bytes | IO[bytes] | None: ...


@dataclass(frozen=True, slots=True)
class Request:
    """What is judged: the very bytes that are sent on afterwards."""

    method: str
    target: bytes
    headers: Headers
    body: Content


@dataclass(frozen=True, slots=True)
class Need:
    """One thing a request needs: an action on one name or pattern, `*` being everything.

    `view` and `edit` are those of Dashboards, `any` is any role at all. `line` counts from 1 in a body of lines.
    `unsure` says why more is asked than the request may need: what it does could not be found out.
    """

    action: NeedAction
    name: str = ""
    line: int | None = None
    unsure: str = ""


@dataclass(frozen=True, slots=True)
class Allowed:
    """The request may be sent.

    `needs` are what it needed, to be judged again later by `judge.still_allowed` (without repeats and lines; patterns
    of the rules instead of names where there were many). `target` and `body` are to be sent instead of the client's
    where they are not None: our seal around a cursor's id is taken off. `opens`: the answer hands out a cursor, whose
    id `cursors.seal_answer` makes the caller's own; the request must then go without `Accept-Encoding`.
    """

    rule: str  # such as "read logs-*"; "" where nothing in particular was needed
    role: str  # the name of the first role that has it
    needs: tuple[Need, ...] = ()
    target: bytes | None = None
    body: bytes | None = None
    opens: CursorKind | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names found in the request, for the audit."""
        return tuple(dict.fromkeys(need.name for need in self.needs if need.name))

    @property
    def action(self) -> str:
        """The strongest action it needed."""
        order = ("manage", "write", "edit", "read", "view", "any")
        return min((need.action for need in self.needs), key=order.index, default="any")


@dataclass(frozen=True, slots=True)
class Refused:
    """The request may not be sent. Nothing in it but what the client sent, and the client's own roles."""

    need: Need
    place: str  # "POST /_msearch"
    roles: tuple[str, ...]
    allowed: tuple[str, ...] = ()  # the patterns that the roles allow the needed action on

    code = "forbidden"

    @property
    def index(self) -> str | None:
        """The name that was asked for, as text that can be shown."""
        return shown(self.need.name) if self.need.name else None

    @property
    def line(self) -> int | None:
        return self.need.line

    def reason(self, user: str) -> str:
        """Who may not do what, where it stands, what the roles allow, and what to ask for."""
        return " ".join(part for part in (self._refusal(user), self._what_is_allowed(), self._advice()) if part)

    def _refusal(self, user: str) -> str:
        place = self.place if self.need.line is None else f"{self.place}, line {self.need.line}"
        if self.need.unsure:
            return f"{user}'s request ({place}) cannot be judged without {self._right()}: {self.need.unsure}."
        return f"{user} may not {_VERBS[self.need.action]} {self._object()} ({place})."

    def _object(self) -> str:
        match self.need.action:
            case "view" | "edit":
                return "Dashboards"
            case "any":
                return "this domain"
        return "every index" if self.need.name == "*" else shown(self.need.name)

    def _what_is_allowed(self) -> str:
        if not self.roles:
            return "No role is given to this user."
        roles = f"The role{'s' if len(self.roles) > 1 else ''} {', '.join(self.roles)}"
        allow = "allow" if len(self.roles) > 1 else "allows"
        gerund = _GERUNDS.get(self.need.action)
        if gerund is None:
            return f"{roles} {'do' if len(self.roles) > 1 else 'does'} not include it."
        return f"{roles} {allow} {gerund} {', '.join(self.allowed) or 'nothing'}."

    def _advice(self) -> str:
        ask = f"ask an administrator for {self._right()}."
        return f"Ask for these, or {ask}" if self.allowed and not self.need.unsure else ask.capitalize()

    def _right(self) -> str:
        match self.need.action:
            case "view" | "edit":
                return f"'dashboards: {self.need.action}'"
            case "any":
                return "a role"
        return f"'{self.need.action}' on {shown(self.need.name)}"


Verdict = Allowed | Refused


def shown(text: str) -> str:
    """What a client sent, in a form that is safe to show and not too long."""
    safe = "".join(c if c.isprintable() else "?" for c in text[:_MOST_SHOWN])
    return safe + "..." if len(text) > _MOST_SHOWN else safe
