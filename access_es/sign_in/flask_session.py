"""Flask's session, stored in our own cookie."""

from __future__ import annotations

import time
from collections.abc import Callable

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSession, SecureCookieSessionInterface, SessionMixin

from access_es.sign_in.session_cookie import Session, SessionCookies, begin_session, cookie_name

_SESSION = "session"


class AccessSession(SecureCookieSession):
    """What the pages see: `current` is the session itself; beside it lie the marks that Flask-Login sets and reads."""

    @property
    def current(self) -> Session | None:
        found = self.get(_SESSION)
        return found if isinstance(found, Session) else None

    @current.setter
    def current(self, session: Session) -> None:
        self[_SESSION] = session


class Sessions(SecureCookieSessionInterface):
    """Reads and writes the cookie: nothing is sent unless it changed, and no answer is made to vary by it."""

    session_class = AccessSession

    def __init__(self, cookies: SessionCookies, clock: Callable[[], float] = time.time) -> None:
        self._cookies = cookies
        self._clock = clock

    def begin(self, user: str = "", epoch: str = "", provider_session: str = "", renew_at: int = 0) -> Session:
        return begin_session(self._clock(), self._cookies.lifetime_seconds, user, epoch, provider_session, renew_at)

    def open_session(self, app: Flask, request: Request) -> AccessSession:
        if "Authorization" in request.headers:
            return AccessSession()  # what the client says of itself decides, whatever cookie it has kept
        headers = tuple((str(name), str(value)) for name, value in request.headers)
        found = self._cookies.read(headers, request.scheme, self._clock())
        if found is None:
            return AccessSession()
        opened = AccessSession({_SESSION: found})
        if found.user:
            opened["_user_id"] = found.user  # where Flask-Login looks
        opened.modified = False
        return opened

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        if not isinstance(session, AccessSession) or not session.modified or session.current is None:
            return
        response.set_cookie(
            cookie_name(request.scheme),
            self._cookies.seal(session.current),
            path="/",
            secure=request.scheme == "https",
            httponly=True,
            samesite="Lax",
        )
