"""Health and readiness, for load balancers and monitoring: without a login, and without details."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, jsonify

from access_es.messages import OWN_PREFIX


def health_pages(is_ready: Callable[[], bool]) -> Blueprint:
    """`/--access-es/health` answers without any call; `/--access-es/ready` says whether the domain answers us."""
    pages = Blueprint("health", __name__, url_prefix=OWN_PREFIX.decode().rstrip("/"))

    @pages.get("/health")
    def health() -> Response:
        return _uncached(jsonify(status="ok"))

    @pages.get("/ready")
    def ready() -> tuple[Response, int]:
        good = is_ready()
        return _uncached(jsonify(ready=good)), 200 if good else 503

    return pages


def _uncached(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    return response
