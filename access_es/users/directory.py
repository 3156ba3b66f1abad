"""What the commands and our pages do to users, tokens and sessions."""

from __future__ import annotations

import copy
import logging
import time
from collections.abc import Callable, Iterable, Mapping

from access_es.errors import AccessEsError, BadRequest, NotFound
from access_es.users.change_log import Actor, ChangeLog, make_change
from access_es.users.invitations import Invitation, InvitationOver, Invitations
from access_es.users.passwords import Passwords, check_password
from access_es.users.sessions import MAX_SESSIONS_PER_USER, SessionRecord
from access_es.users.stores import Stores
from access_es.users.tokens import DEFAULT_DAYS, MAX_TOKENS_PER_USER, Token, issue
from access_es.users.user import (
    User,
    check_groups,
    check_name,
    disabled,
    enabled,
    with_groups,
    with_new_epoch,
    with_password,
)

_MOST_ENDED_AT_ONCE = 10  # a sign-in does not wait for more
log = logging.getLogger("access_es.changes")


class Directory:
    """Each method does one thing whole, or raises `BadRequest` or `NotFound` with a sentence that says why not.

    What was done is in the change log, under the name of `by`.
    """

    def __init__(
        self, stores: Stores, passwords: Passwords, invitations: Invitations, clock: Callable[[], float] = time.time
    ) -> None:
        self._users = stores.users
        self._tokens = stores.tokens
        self._sessions = stores.sessions
        self._revocations = stores.revocations
        self._passwords = passwords
        self._invitations = invitations
        self._clock = clock
        self._last_use = stores.last_use
        self._change_log = stores.change_log
        self._actor = Actor()

    def by(self, actor: Actor) -> Directory:
        """The same, for what this person or command does."""
        bound = copy.copy(self)
        bound._actor = actor
        return bound

    @property
    def change_log(self) -> ChangeLog:
        return self._change_log

    def now(self) -> float:
        """Seconds since 1970."""
        return self._clock()

    def users(self) -> list[User]:
        return self._users.all()

    def user(self, name: str) -> User:
        user = self._users.find(name)
        if user is None:
            raise NotFound(f"There is no user '{name}'.")
        return user

    def check_free(self, name: str) -> None:
        """Raises `BadRequest` where a user of this name cannot be added."""
        check_name(name)
        if self._users.find(name) is not None:
            raise BadRequest(f"There is a user '{name}' already.")

    def add_user(self, name: str, password: str, groups: Iterable[str] = ()) -> User:
        check_name(name)
        kept = check_groups(groups)
        return self._add(User(name, self._hash(name, password), int(self._clock()), kept))

    def add_invited(self, name: str, groups: Iterable[str] = ()) -> User:
        """A user without a password, who cannot sign in before accepting an invitation."""
        check_name(name)
        return self._add(User(name, self._passwords.dummy_hash, int(self._clock()), check_groups(groups)))

    def _add(self, user: User) -> User:
        if not self._users.add(user):
            raise BadRequest(f"There is a user '{user.name}' already.")
        self._record("user_created", user.name, f"groups: {_listed(user.groups)}")
        return user

    def note_provider(self, before: User | None, after: User) -> None:
        """What a sign-in through the provider changed: the user is new, or in other groups."""
        if before is None:
            self._record("user_created", after.name, f"groups: {_listed(after.groups)}")
        elif before.groups != after.groups:
            self._record("groups_changed", after.name, f"{_listed(before.groups)} → {_listed(after.groups)}")

    def invite(self, name: str) -> tuple[Invitation, str]:
        """An invitation to choose a password, and the end of its link, which is not stored."""
        user = self._with_password(name)
        if user.disabled:
            raise BadRequest(f"The user '{name}' is disabled: the link would not work. Enable the user first.")
        made = self._invitations.make(user)
        self._record("user_invited", name)
        return made

    def invited(self, sealed: str) -> User:
        """Whom an invitation is for, as long as it can be accepted. Raises `InvitationOver`."""
        invitation = self._invitations.open(sealed)
        user = self._users.find(invitation.user)
        if user is None or user.disabled or user.epoch != invitation.epoch:
            raise InvitationOver
        return user

    def accept(self, sealed: str, password: str) -> User:
        """Set the password that an invited person chose. Of several at once, one succeeds."""
        invited = self.invited(sealed)
        changed = with_password(invited, self._hash(invited.name, password))
        if not self._users.replace(invited, changed):
            raise InvitationOver
        self.by(Actor(changed.name, "invitation"))._record("password_changed", changed.name)
        return self._forget_sessions(changed)

    def set_password(self, name: str, password: str) -> User:
        """Every open session of the user ends; API tokens live on."""
        self._with_password(name)
        password_hash = self._hash(name, password)
        changed = self._change(name, lambda user: with_password(user, password_hash))[1]
        self._record("password_changed", name)
        return self._forget_sessions(changed)

    def set_groups(self, name: str, groups: Iterable[str]) -> User:
        """The user is in these groups and no others. Ends no session."""
        kept = check_groups(groups)
        if self.user(name).issuer:
            raise BadRequest(f"The groups of '{name}' are those that the provider says at each sign-in.")
        old, new = self._change(name, lambda user: with_groups(user, kept))
        if new.groups != old.groups:
            self._record("groups_changed", name, f"{_listed(old.groups)} → {_listed(new.groups)}")
        return new

    def disable(self, name: str) -> User:
        disabled_user = self._change(name, disabled)[1]
        self._record("user_disabled", name)
        return self._forget_sessions(disabled_user)

    def enable(self, name: str) -> User:
        enabled_user = self._change(name, enabled)[1]
        self._record("user_enabled", name)
        return enabled_user

    def remove_user(self, name: str) -> None:
        """The user's tokens go first: one of the same name that comes later must not inherit them. Those that the user
        made meanwhile go afterwards.
        """
        self._tokens.remove_all(name)
        if not self._users.remove(name):
            raise NotFound(f"There is no user '{name}'.")
        self._tokens.remove_all(name)
        self._sessions.remove_all(name)
        self._record("user_removed", name)

    def tokens(self, name: str) -> list[Token]:
        return self._tokens.of(self.user(name).name)

    def all_tokens(self) -> list[Token]:
        """Everybody's tokens, by user, expired ones too."""
        return self._tokens.all()

    def machines(self) -> Mapping[str, int]:
        """When each machine was last used, by name; seconds since 1970."""
        return self._last_use.machines()

    def add_token(
        self, name: str, label: str, days: int = DEFAULT_DAYS, roles: Iterable[str] | None = None
    ) -> tuple[Token, str]:
        """The token's record, and its text, which is not stored. `roles` are those of its user's that it has."""
        kept = None if roles is None else tuple(dict.fromkeys(roles))
        user = self.user(name)
        if user.disabled:
            raise BadRequest(f"The user '{name}' is disabled: a token would not work. Enable the user first.")
        token, text = issue(user.name, label, days, self._clock(), kept)
        if len(self._tokens.of(name)) >= MAX_TOKENS_PER_USER:
            raise BadRequest(f"A user has at most {MAX_TOKENS_PER_USER} tokens. Revoke one first.")
        if not self._tokens.add(token):
            raise BadRequest(f"There is a token '{token.label}' already. Revoke it or choose another label.")
        if self._users.find(name) is None:  # removed meanwhile: a namesake must not inherit the token
            self._tokens.remove(name, token.label)
            raise NotFound(f"There is no user '{name}'.")
        self._record("token_created", user.name, f"{token.label} ({token.id}), {days} days, roles: {_roles(kept)}")
        return token, text

    def revoke_token(self, name: str, label: str) -> None:
        if not self._tokens.remove(self.user(name).name, label.strip()):
            raise NotFound(f"There is no token with the label '{label}'.")
        self._record("token_revoked", name, label.strip())

    def sessions(self, name: str) -> list[SessionRecord]:
        """The user's open sessions, the one used last first. Those that began in an earlier version have no record."""
        user = self.user(name)
        return [record for record in self._sessions.of(user.name) if record.epoch == user.epoch]

    def all_sessions(self) -> list[SessionRecord]:
        """Everybody's open sessions, the one used last first."""
        epochs = {user.name: user.epoch for user in self.users()}
        return [record for record in self._sessions.all() if epochs.get(record.user) == record.epoch]

    def begin_session(self, record: SessionRecord) -> None:
        """Record a session that begins. Of too many, those end that were not used for longest."""
        self._sessions.put(record)
        others = [other for other in self._sessions.of(record.user) if other.id != record.id]
        for surplus in others[MAX_SESSIONS_PER_USER - 1 :][-_MOST_ENDED_AT_ONCE:]:
            self._end(surplus)

    def end_session(self, name: str, id: str) -> SessionRecord:
        """End one of the user's sessions, wherever its cookie is."""
        for record in self.sessions(name):
            if record.id == id:
                self._end(record)
                self._record("session_ended", name, f"{record.device}, {record.place}")
                return record
        raise NotFound("This session has ended already.")

    def _end(self, record: SessionRecord) -> None:
        self._revocations.revoke(record.id, record.until)
        self._sessions.remove(record.user, record.id)

    def end_sessions(self, name: str) -> User:
        """End all sessions of the user, recorded or not. An invitation that is still open ends, too."""
        signed_out = self._change(name, with_new_epoch)[1]
        self._record("sessions_ended", name, "all")
        return self._forget_sessions(signed_out)

    def _forget_sessions(self, user: User) -> User:
        """Remove the records of sessions that a new epoch has ended, and of none that has begun since then."""
        self._sessions.remove_all(user.name, but_epoch=user.epoch)
        return user

    def _with_password(self, name: str) -> User:
        """Raises `BadRequest` for a user whom a provider vouches for."""
        user = self.user(name)
        if user.issuer:
            raise BadRequest(f"'{name}' signs in through the provider, and has no password here.")
        return user

    def _hash(self, name: str, password: str) -> str:
        check_password(password, name)
        with self._passwords.hashing_slot():
            return self._passwords.hash(password)

    def _change(self, name: str, change: Callable[[User], User]) -> tuple[User, User]:
        """Change the user as it is now, again if somebody else changed it meanwhile. The user before and after."""
        while True:
            old = self.user(name)
            new = change(old)
            if self._users.replace(old, new):
                return old, new

    def _record(self, action: str, target: str, detail: str = "") -> None:
        """Write what was done into the change log. It stays done where that fails, and our own log has it."""
        change = make_change(self._clock(), self._actor, action, target, detail)
        try:
            self._change_log.add(change)
        except AccessEsError as error:
            log.error("The change log lacks: %r. %s", change, error.detail or error.message)


def _listed(groups: Iterable[str]) -> str:
    return ", ".join(groups) or "none"


def _roles(roles: tuple[str, ...] | None) -> str:
    return "all" if roles is None else _listed(roles)
