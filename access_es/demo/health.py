"""Ask an engine on loopback how it is."""

import http.client
import json
from typing import Any


def ask(port: int, path: str, timeout_seconds: float = 5) -> dict[str, Any] | None:
    """Return the JSON object that a GET answers, or `None` while there is no good answer.

    `http.client` rather than `urllib`: no proxy from the environment may stand between us and loopback.
    """
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        content = json.loads(response.read()) if response.status == 200 else None
    except (OSError, http.client.HTTPException, ValueError):
        return None
    finally:
        connection.close()
    return content if isinstance(content, dict) else None


def cluster_is_ready(port: int) -> bool:
    """Say whether an Elasticsearch or OpenSearch on `port` has all its primary shards."""
    health = ask(port, "/_cluster/health")
    return health is not None and health.get("status") in ("yellow", "green")


def kibana_is_ready(port: int) -> bool:
    """Say whether the Kibana on `port` and all its plugins are green, so that it has found its Elasticsearch."""
    status = ask(port, "/api/status")
    return status is not None and status.get("status", {}).get("overall", {}).get("state") == "green"
