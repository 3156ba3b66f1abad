"""What the commands and our pages do to users, tokens and sessions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from access_es.errors import BadRequest, NotFound
from access_es.users.invitations import Invitation, InvitationOver, Invitations
from access_es.users.passwords import Passwords, check_password
from access_es.users.sessions import SessionRecord
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


class Directory:
    """Each method does one thing whole, or raises `BadRequest` or `NotFound` with a sentence that says why not."""

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
        user = User(name, self._hash(name, password), int(self._clock()), kept)
        if not self._users.add(user):
            raise BadRequest(f"There is a user '{name}' already.")
        return user

    def add_invited(self, name: str, groups: Iterable[str] = ()) -> User:
        """A user without a password, who cannot sign in before accepting an invitation."""
        check_name(name)
        user = User(name, self._passwords.dummy_hash, int(self._clock()), check_groups(groups))
        if not self._users.add(user):
            raise BadRequest(f"There is a user '{name}' already.")
        return user

    def invite(self, name: str) -> tuple[Invitation, str]:
        """An invitation to choose a password, and the end of its link, which is not stored."""
        user = self._with_password(name)
        if user.disabled:
            raise BadRequest(f"The user '{name}' is disabled: the link would not work. Enable the user first.")
        return self._invitations.make(user)

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
        return self._forget_sessions(changed)

    def set_password(self, name: str, password: str) -> User:
        """Every open session of the user ends; API tokens live on."""
        self._with_password(name)
        password_hash = self._hash(name, password)
        return self._forget_sessions(self._change(name, lambda user: with_password(user, password_hash)))

    def set_groups(self, name: str, groups: Iterable[str]) -> User:
        """The user is in these groups and no others. Ends no session."""
        kept = check_groups(groups)
        if self.user(name).issuer:
            raise BadRequest(f"The groups of '{name}' are those that the provider says at each sign-in.")
        return self._change(name, lambda user: with_groups(user, kept))

    def disable(self, name: str) -> User:
        return self._forget_sessions(self._change(name, disabled))

    def enable(self, name: str) -> User:
        return self._change(name, enabled)

    def remove_user(self, name: str) -> None:
        """The user's tokens go first: one of the same name that comes later must not inherit them."""
        self._tokens.remove_all(name)
        self._sessions.remove_all(name)
        if not self._users.remove(name):
            raise NotFound(f"There is no user '{name}'.")

    def tokens(self, name: str) -> list[Token]:
        return self._tokens.of(self.user(name).name)

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
        return token, text

    def revoke_token(self, name: str, label: str) -> None:
        if not self._tokens.remove(self.user(name).name, label.strip()):
            raise NotFound(f"There is no token with the label '{label}'.")

    def sessions(self, name: str) -> list[SessionRecord]:
        """The user's open sessions, the one used last first. Those that began in an earlier version have no record."""
        user = self.user(name)
        return [record for record in self._sessions.of(user.name) if record.epoch == user.epoch]

    def all_sessions(self) -> list[SessionRecord]:
        """Everybody's open sessions, the one used last first."""
        epochs = {user.name: user.epoch for user in self.users()}
        return [record for record in self._sessions.all() if epochs.get(record.user) == record.epoch]

    def end_session(self, name: str, id: str) -> SessionRecord:
        """End one of the user's sessions, wherever its cookie is."""
        for record in self.sessions(name):
            if record.id == id:
                self._revocations.revoke(record.id, record.until)
                self._sessions.remove(record.user, record.id)
                return record
        raise NotFound("This session has ended already.")

    def end_sessions(self, name: str) -> User:
        """End all sessions of the user, recorded or not. An invitation that is still open ends, too."""
        return self._forget_sessions(self._change(name, with_new_epoch))

    def _forget_sessions(self, user: User) -> User:
        """Remove the records of sessions that a new epoch has ended."""
        self._sessions.remove_all(user.name)
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

    def _change(self, name: str, change: Callable[[User], User]) -> User:
        """Change the user as it is now, again if somebody else changed it meanwhile."""
        while True:
            old = self.user(name)
            new = change(old)
            if self._users.replace(old, new):
                return new
