"""A REST API's gateway responses, rendered: which template, and the variables in it.

API Gateway Developer Guide, "Set up gateway responses": templates are filled in with variables, not run. Which of them
a request gets is not documented; here it is that of the first type in its Accept, and JSON otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from access_es.demo.cloud.doors.messages import Arrived

_HEADER = "gatewayresponse.header."
_VARIABLE = re.compile(r"\$context\.requestId")
JSON = "application/json"


def render_response(response: Mapping[str, Any], arrived: Arrived) -> tuple[str, str, list[tuple[str, str]]]:
    """Content type, body and further headers."""
    templates = response.get("responseTemplates") or {}
    wanted = arrived.value("accept").partition(",")[0].partition(";")[0].strip().lower()
    content_type = wanted if wanted in templates else JSON
    body = _VARIABLE.sub(arrived.moment.request_id, templates.get(content_type, ""))
    parameters = response.get("responseParameters") or {}
    headers = [(name.removeprefix(_HEADER), value.strip("'")) for name, value in parameters.items()]
    return content_type, body, headers
