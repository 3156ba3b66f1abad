"""Log documents of a web shop over some days: made up, but the same for the same seed and moment."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

DAYS = 7
LARGE_EVERY = 1500
"""One document in so many holds a stack trace of 50 to 100 KB, as a framework with deep recursion writes them."""

SERVICES = {
    "shop": ("/", "/products", "/products/{n}", "/products/{n}/reviews", "/offers"),
    "search": ("/search?q=shoes", "/search?q=rain+coat", "/search?q=caf%C3%A9", "/suggest?prefix=ja"),
    "checkout": ("/cart", "/cart/items/{n}", "/checkout", "/checkout/payment", "/orders/{n}"),
    "account": ("/login", "/logout", "/account", "/account/orders"),
    "media": ("/images/{n}.jpg", "/images/{n}.webp", "/videos/{n}.mp4"),
}
COUNTRIES = {
    "DE": (52.52, 13.40),
    "FR": (48.86, 2.35),
    "GB": (51.51, -0.13),
    "US": (40.71, -74.01),
    "BR": (-23.55, -46.63),
    "IN": (19.08, 72.88),
    "JP": (35.68, 139.69),
}
BROWSERS = ("Chrome", "Firefox", "Safari", "Edge", "curl", "Googlebot")
STATUSES = (200,) * 84 + (304,) * 6 + (301, 302, 401, 403) + (404,) * 4 + (500, 503)
ERRORS = (
    ("PaymentDeclined", "payment provider declined order {n}"),
    ("StockConflict", "product {n} was sold out between cart and checkout"),
    ("ConnectionTimeout", "no answer from inventory-db within 3000 ms"),
    ("TemplateError", "undefined variable 'müsli' in template product.html"),
)


@dataclass(frozen=True)
class LogDocument:
    """One line of the log: when it was written, its number among all, and its fields."""

    time: datetime
    number: int
    fields: dict[str, Any]


def log_documents(now: datetime, count: int, seed: int = 1) -> Iterator[LogDocument]:
    """Yield `count` documents in order of time over the last `DAYS` days; the last one is of `now`."""
    chance = random.Random(seed)  # noqa: S311 - nothing secret is made of it
    for number in range(count):
        time = now - timedelta(days=DAYS) * (1 - _daily_load((number + 1) / count))
        yield LogDocument(time, number, _fields(chance, time, number))


def _daily_load(position: float) -> float:
    """Bend evenly spread positions (0 to 1) so that every day has a busy and a quiet half."""
    return position + 0.6 * math.sin(2 * math.pi * DAYS * position) / (2 * math.pi * DAYS)


def _fields(chance: random.Random, time: datetime, number: int) -> dict[str, Any]:
    service = chance.choice(tuple(SERVICES))
    request = _request(chance, service)
    large = number % LARGE_EVERY == LARGE_EVERY // 2
    if large:
        request["status"] = 500
    fields: dict[str, Any] = {
        "@timestamp": _iso(time),
        "host": f"{service}-{chance.randint(1, 4)}",
        "service": service,
        "level": "WARN" if 400 <= request["status"] < 500 else "INFO",
        "message": "{method} {path} {status} {bytes} bytes in {milliseconds} ms".format(**request),
        "request": request,
        "client": _client(chance),
    }
    if request["status"] >= 500:
        fields |= _failure(chance, large=large)
    return fields


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _request(chance: random.Random, service: str) -> dict[str, Any]:
    return {
        "id": f"{chance.getrandbits(64):016x}",
        "method": chance.choices(("GET", "POST", "PUT", "DELETE"), (85, 10, 3, 2))[0],
        "path": chance.choice(SERVICES[service]).format(n=chance.randint(1, 500)),
        "status": chance.choice(STATUSES),
        "bytes": int(chance.lognormvariate(8.5, 1.5)),
        "milliseconds": round(chance.lognormvariate(3.5, 0.9), 1),
    }


def _client(chance: random.Random) -> dict[str, Any]:
    country = chance.choice(tuple(COUNTRIES))
    latitude, longitude = COUNTRIES[country]
    return {
        # TEST-NET-3 and TEST-NET-2 (RFC 5737): nobody's addresses.
        "ip": f"{chance.choice(('203.0.113', '198.51.100'))}.{chance.randint(1, 254)}",
        "country": country,
        "location": {
            "lat": round(latitude + chance.gauss(0, 1.5), 3),
            "lon": round(longitude + chance.gauss(0, 1.5), 3),
        },
        "browser": chance.choice(BROWSERS),
    }


def _failure(chance: random.Random, *, large: bool) -> dict[str, Any]:
    kind, text = chance.choice(ERRORS)
    message = text.format(n=chance.randint(1, 500))
    trace = _stack_trace(chance, f"{kind}: {message}", chance.randint(50_000, 100_000) if large else 800)
    return {"level": "ERROR", "message": f"{kind}: {message}", "error": {"type": kind, "stack_trace": trace}}


def _stack_trace(chance: random.Random, head: str, size: int) -> str:
    """Return a trace of at least `size` characters, by less than one frame."""
    frames = [head]
    written = len(head)
    while written < size:
        service = chance.choice(tuple(SERVICES))
        frame = f"    at shop.{service}.Handler.call{chance.randint(1, 99)}(Handler.java:{chance.randint(10, 900)})"
        frames.append(frame)
        written += len(frame) + 1
    return "\n".join(frames)
