"""Many threads of two users, each of whose answers can be told from any other's."""

from __future__ import annotations

import hashlib
import http.client
import itertools
import random
import threading
from collections import Counter
from dataclasses import dataclass, field

from tests.fidelity.answer_targets import answer_target
from tests.running_proxy import RunningProxy

USERS = ("alice", "bob")
MARKS = {user: f"mark-of-{user}" for user in USERS}


@dataclass
class Findings:
    """What all threads saw. `faults` are the answers that were not the asker's own, or not good."""

    answered: Counter[str] = field(default_factory=Counter)
    abandoned: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


class UserThread(threading.Thread):
    """One user's thread: it asks until told to stop, over a connection that it keeps, and checks every answer."""

    def __init__(
        self, front: RunningProxy, user: str, number: int, signs_in: dict[str, str], stop: threading.Event
    ) -> None:
        super().__init__(name=f"{user}-{number}")
        self._front = front
        self._user = user
        self._number = number
        self._signs_in = signs_in
        self._ended = stop
        self._random = random.Random(number)
        self._connection = self._connect()
        self.findings = Findings()

    def _connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self._front.port, timeout=60)

    def run(self) -> None:
        asks = (self._ask_described, self._ask_echo, self._ask_described, self._leave_large_answer)
        for count in itertools.count():
            if self._ended.is_set():
                break
            nonce = f"{MARKS[self._user]}-{self._number}-{count}"
            try:
                asks[self._random.choice((0, 0, 0, 1, 1, 1, 2, 3) if count % 10 else (3,))](nonce)
            except (OSError, http.client.HTTPException) as fault:
                self.findings.faults.append(f"{nonce}: {fault!r}")
                self._connection = self._connect()
        self._connection.close()

    def _ask_described(self, nonce: str) -> None:
        """An answer that sets a cookie, a header and a body of this one visit, of many shapes."""
        size = self._random.choice((0, 100, 20_000, 150_000))
        body = nonce.encode() + b"." * size
        status = self._random.choice((200, 200, 201, 404, 500, 403))
        headers = [(b"Set-Cookie", f"sid={nonce}; Path=/".encode()), (b"X-Nonce", nonce.encode())]
        target = answer_target(
            status=status, headers=headers, body=body[:1500], is_chunked=size == 100, interim=[103] * (size == 0)
        )
        answer, content = self._fetch(self._random.choice(("GET", "POST", "PUT")), target, nonce, b"{}" + body)
        self._check(nonce, answer, content, status)
        if answer.headers.get_all("X-Nonce") != [nonce] or content != body[:1500]:
            self.findings.faults.append(f"{nonce}: got {content[:80]!r} {answer.headers.as_string()[:200]}")

    def _ask_echo(self, nonce: str) -> None:
        """What the domain saw of this visit: its own cookie and body, and no other."""
        answer, content = self._fetch("POST", b"/_demo/echo?q=" + nonce.encode(), nonce, nonce.encode() * 50)
        self._check(nonce, answer, content, 200)
        seen = content.decode()
        if f"app={nonce}" not in seen or hashlib.sha256(nonce.encode() * 50).hexdigest() not in seen:
            self.findings.faults.append(f"{nonce}: the domain saw {seen[:300]}")

    def _leave_large_answer(self, nonce: str) -> None:
        """Half of an answer is left unread, with a connection that nobody may use again."""
        self._connection.request("GET", f"/_demo/giant?size=400000&n={nonce}", headers=self._headers(nonce))
        self._connection.getresponse().read(1000)
        self._connection.close()
        self.findings.abandoned[self._user] += 1

    def _headers(self, nonce: str) -> dict[str, str]:
        cookies = "; ".join(filter(None, (self._signs_in.get("Cookie"), f"app={nonce}")))
        return {**self._signs_in, "Cookie": cookies, "X-Asker": nonce}

    def _fetch(self, method: str, target: bytes, nonce: str, body: bytes) -> tuple[http.client.HTTPResponse, bytes]:
        sent = None if method == "GET" else body
        self._connection.request(method, target.decode(), sent, self._headers(nonce))
        answer = self._connection.getresponse()
        content = answer.read()
        self.findings.answered[self._user] += 1
        return answer, content

    def _check(self, nonce: str, answer: http.client.HTTPResponse, content: bytes, status: int) -> None:
        whole = answer.headers.as_string().encode("utf-8", "replace") + content
        others = [mark for user, mark in MARKS.items() if user != self._user and mark.encode() in whole]
        if answer.status != status or others:
            self.findings.faults.append(f"{nonce}: {answer.status} for {status}, {others}: {whole[:300]!r}")


def gather(visitors: list[UserThread]) -> Findings:
    total = Findings()
    for visitor in visitors:
        visitor.join(60)
        assert not visitor.is_alive()
        total.answered += visitor.findings.answered
        total.abandoned += visitor.findings.abandoned
        total.faults += visitor.findings.faults
    return total
