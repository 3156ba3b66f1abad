"""Whether a caller may send a request, by the setting PERMISSIONS. It costs nothing where nobody is limited."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from access_es.audit import Entry
from access_es.client_presence import ClientGone
from access_es.errors import Forbidden
from access_es.lazy_dataclass import dataclass
from access_es.live_permissions import LivePermissions
from access_es.messages import Grant, ProxyRequest, ProxyResponse, SignAs
from access_es.sign_in.identity import Caller
from access_es.tasks.store import TaskRequest
from access_es.upload import Upload
from access_es.user_limit import OneAtATime
from access_es.users.passwords import Run, run_here

if TYPE_CHECKING:
    from access_es.permissions.cursors import Cursors
    from access_es.permissions.roles import Permissions, Role
    from access_es.permissions.verdict import Allowed, CursorKind, Need, Refused, Verdict

_LOST = "{user} may not have this result any more: the roles have changed since it was asked for."


class PermissionDenied(Forbidden):
    """The caller's roles do not allow the request. `need` and `index` say what it takes, `line` where in a body."""

    def __init__(self, message: str, *, need: str = "", index: str | None = None, line: int | None = None) -> None:
        self._facts = {"need": need, "index": index, "line": line}
        super().__init__(message)

    @property
    def facts(self) -> Mapping[str, object]:
        return {name: value for name, value in self._facts.items() if value}


@dataclass(frozen=True, slots=True)
class _Held:
    """The roles that somebody has. `signing` is the one that signs, where they allow everything."""

    roles: tuple[Role, ...]
    is_unlimited: bool
    signing: Role | None


_Key = tuple[tuple[str, ...], tuple[str, ...] | None, tuple[str, ...] | None]
_MOST_HELD = 1024
_LARGE_BYTES = 128 * 1024  # judged within some milliseconds; 8 MB of JSON take a second


class Authorization:
    """`secrets` are the session secrets, newest first, which seal the ids of cursors. `run` is where large bodies are
    judged, so that others need not wait."""

    def __init__(
        self, permissions: LivePermissions, secrets: Sequence[str], clock: Callable[[], float] = time.time,
        run: Run = run_here,
    ) -> None:  # fmt: skip
        self._permissions = permissions
        self._secrets = secrets
        self._clock = clock
        self._run = run
        self._large = OneAtATime()  # some kilobytes of gzip can be minutes of reading, and the threads are few
        self._held_by: tuple[Permissions | None, dict[_Key, _Held]] = (None, {})

    def limiting_roles(self, caller: Caller) -> tuple[Role, ...] | None:
        """The caller's roles; None where they, or no setting, allow everything."""
        held = self._held(caller)
        return None if held is None or held.is_unlimited else held.roles

    def describe(self, caller: Caller) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The names of the caller's roles, and what they allow, in sentences. Empty where no setting limits anybody."""
        permissions = self._permissions.current()
        if permissions is None:
            return (), ()
        from access_es.permissions.roles import describe

        roles = _roles(permissions, caller)
        return tuple(role.name for role in roles), describe(roles)

    def is_administrator(self, caller: Caller) -> bool:
        """Whether the administrators' page is open: by a role that says so, and in a session alone. A token or password
        in a script could otherwise make users and give roles; and without the setting, nobody was made administrator.
        """
        permissions = self._permissions.current()
        if permissions is None or caller.how != "session":
            return False
        return any(role.admin for role in _roles(permissions, caller))

    def roles_by_group(self) -> Mapping[str, tuple[str, ...]]:
        """The roles that the setting gives to groups."""
        permissions = self._permissions.current()
        return {} if permissions is None else permissions.groups

    def admit(self, caller: Caller, request: ProxyRequest, upload: Upload, entry: Entry) -> tuple[ProxyRequest, Upload]:
        """What is sent on of a request that the caller may send. Raises PermissionDenied, or ClientGone.

        For a limited caller, the sealed id of a cursor is replaced by the engine's own.
        """
        held = self._held(caller)
        if held is None:
            return request, upload
        if held.is_unlimited:
            return _signed_by(request, held.signing, caller), upload
        roles = held.roles
        from access_es.permissions.signing import signing_role
        from access_es.permissions.verdict import Refused

        verdict = self._judge(roles, caller, request, upload)
        if isinstance(verdict, Refused):
            entry.event = "permission_denied"
            entry.role, entry.rule = ", ".join(verdict.roles), _describe(verdict.need)
            raise _denied(verdict, caller.title)
        entry.role, entry.rule = verdict.role, verdict.rule
        granted = _signed_by(_granted(request, verdict), signing_role(roles, verdict), caller)
        return granted, upload if verdict.body is None else Upload(verdict.body)

    def _judge(self, roles: tuple[Role, ...], caller: Caller, request: ProxyRequest, upload: Upload) -> Verdict:
        from access_es.permissions.judge import judge
        from access_es.permissions.verdict import Request

        asked = Request(request.method, request.target, request.headers, upload)
        if not _is_large(request, upload):
            return judge(roles, asked, self._cursors(caller))
        client = request.client

        def work() -> Verdict | None:
            return None if client and client.is_gone else judge(roles, asked, self._cursors(caller))

        with self._large.turn(caller.user):
            verdict = self._run(work)
        if verdict is None or (client and client.is_gone):
            raise ClientGone
        return verdict

    def check_result(self, caller: Caller, task: TaskRequest) -> None:
        """Raises PermissionDenied where the roles do not allow any more what the task was allowed by."""
        roles = self.limiting_roles(caller)
        if roles is None:
            return
        from access_es.permissions.judge import still_allowed

        lost = still_allowed(roles, _needs(task.grant))
        if lost is not None:
            raise PermissionDenied(_LOST.format(user=caller.title), need=_describe(lost), index=lost.name)

    def seal(self, caller: Caller, answer: ProxyResponse, grant: Grant | None) -> ProxyResponse:
        """The answer, with the id of a cursor in it made the caller's own."""
        if grant is None or grant.opens is None:
            return answer
        from access_es.permissions.cursors import seal_answer

        kind = cast("CursorKind", grant.opens)
        headers = tuple((name, value) for name, value in answer.headers if name.lower() != "content-length")
        body = seal_answer(answer.body, kind, _needs(grant), self._cursors(caller))
        return replace(answer, headers=headers, body=body, length_bytes=None)

    def _held(self, caller: Caller) -> _Held | None:
        """What the caller has by the permissions of now; None where there are none. Worked out once for all alike."""
        permissions = self._permissions.current()
        if permissions is None:
            return None
        of, known = self._held_by
        if of is not permissions:  # a thread that still adds to the old ones does so to theirs
            known = {}
            self._held_by = (permissions, known)
        key = (caller.groups, caller.only_roles, caller.named_roles)
        found = known.get(key)
        if found is None:
            if len(known) >= _MOST_HELD:
                known.clear()
            found = known[key] = _hold(_roles(permissions, caller))
        return found

    def _cursors(self, caller: Caller) -> Cursors:
        from access_es.permissions.cursors import Cursors

        return Cursors(self._secrets, caller.user, self._clock())


def _roles(permissions: Permissions, caller: Caller) -> tuple[Role, ...]:
    """A machine has the roles that its rule names, and no others."""
    if caller.named_roles is not None:
        return permissions.named(caller.named_roles)
    return permissions.roles_of(caller.groups, caller.only_roles)


def _granted(request: ProxyRequest, verdict: Allowed) -> ProxyRequest:
    needs = tuple(dict.fromkeys((need.action, need.name) for need in verdict.needs))
    target = request.target if verdict.target is None else verdict.target
    headers = request.headers
    if verdict.opens is not None:  # an id can be found in plain bytes alone
        headers = tuple((name, value) for name, value in headers if name.lower() != "accept-encoding")
    return replace(request, target=target, headers=headers, grant=Grant(needs, verdict.opens))


def _hold(roles: tuple[Role, ...]) -> _Held:
    from access_es.permissions.roles import is_unlimited
    from access_es.permissions.signing import unlimited_signing_role

    is_all = is_unlimited(roles)
    return _Held(roles, is_all, unlimited_signing_role(roles) if is_all else None)


def _signed_by(request: ProxyRequest, role: Role | None, caller: Caller) -> ProxyRequest:
    if role is None:
        return request
    from access_es.permissions.signing import writes_nothing

    sign_as = SignAs(role.sign_with, caller.user, caller.groups, writes_nothing(role), bool(role.dashboards))
    return replace(request, sign_as=sign_as)


def _needs(grant: Grant | None) -> tuple[Need, ...]:
    """Of a request whose user could do everything: everything."""
    from access_es.permissions.verdict import Need, NeedAction

    if grant is None:
        return (Need("manage", "*"), Need("edit"))
    return tuple(Need(cast(NeedAction, action), name) for action, name in grant.needs)


def _describe(need: Need) -> str:
    """For the audit log, too, whose lines must stay short: a name in a body may be of megabytes."""
    from access_es.permissions.verdict import shown

    return f"{need.action} {shown(need.name)}".strip()


def _denied(refused: Refused, user: str) -> PermissionDenied:
    need = refused.need.action
    return PermissionDenied(refused.reason(user), need=need, index=refused.index, line=refused.line)


def _is_large(request: ProxyRequest, upload: Upload) -> bool:
    """Also where some bytes may become many; a name with `_` may be read as the same."""
    return upload.length_bytes > _LARGE_BYTES or any(
        len(name) == len("content-encoding") and name.lower().replace("_", "-") == "content-encoding"
        for name, _ in request.headers
    )
