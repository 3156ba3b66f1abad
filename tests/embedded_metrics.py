"""What CloudWatch makes of a line, by its own schema and the words of its specification."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

_SCHEMA = Draft202012Validator(
    json.loads((Path(__file__).parent / "vectors" / "embedded_metric_format.json").read_text())
)
Metrics = dict[tuple[str, ...], dict[str, float]]


def extract(line: dict[str, Any]) -> Metrics:
    """Values by metric, by the names of their dimensions; each combination once."""
    _SCHEMA.validate(line)
    found: Metrics = {}
    for directive in line["_aws"]["CloudWatchMetrics"]:
        for dimensions in directive["Dimensions"]:
            assert all(isinstance(line[name], str) and len(line[name]) <= 1024 for name in dimensions)
            for metric in directive["Metrics"]:
                value = line[metric["Name"]]
                assert isinstance(value, int | float) and not isinstance(value, bool)
                assert metric["Name"] not in found.setdefault(tuple(dimensions), {})
                found[tuple(dimensions)][metric["Name"]] = value
    return found
