"""The users whom the provider vouches for, as they are stored here."""

from __future__ import annotations

from dataclasses import replace

from access_es.sign_in.oidc.errors import SignInRefused
from access_es.sign_in.oidc.person import Person
from access_es.users.stores import Stores, UserStore
from access_es.users.user import User, name_by_provider, with_new_epoch


def take_in(users: UserStore, issuer: str, person: Person, now: float) -> tuple[User | None, User]:
    """The user before and as of this sign-in, with the groups that the provider says by now; a new one at the first.

    Known by issuer and subject alone: what the provider calls a person is shown, and never compared with local names.
    Raises SignInRefused for one who was disabled here.
    """
    name = name_by_provider(issuer, person.subject)
    while True:
        old = users.find(name)
        if old is None:
            new = User(name, "", int(now), issuer=issuer, subject=person.subject)
            new = replace(new, groups=person.groups, display_name=person.name, signed_in=int(now))
            if users.add(new):
                return None, new
        elif old.disabled:
            raise SignInRefused("Your account is disabled here. Ask an administrator.", detail=f"{name} is disabled.")
        else:
            new = replace(old, groups=person.groups, display_name=person.name, signed_in=int(now))
            if users.replace(old, new):
                return old, new


def end_sessions(stores: Stores, issuer: str, subject: str) -> None:
    """End every session of the provider's user, if there is one."""
    name = name_by_provider(issuer, subject)
    while (old := stores.users.find(name)) is not None:
        signed_out = with_new_epoch(old)
        if stores.users.replace(old, signed_out):
            stores.sessions.remove_all(name, but_epoch=signed_out.epoch)
            return


def end_session(stores: Stores, key: str, until: float, name: str | None) -> None:
    """End what began in one session at the provider, known by its `session_key`. `name`: the user, if that is known."""
    stores.revocations.revoke(key, until)
    for record in stores.sessions.of(name) if name else stores.sessions.all():
        if record.provider_session == key:
            stores.sessions.remove(record.user, record.id)
