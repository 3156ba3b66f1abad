"""Dashboards, alarms and docs/watching.md name the metrics that there are, with values that their labels can have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from access_es.embedded_metrics import UNITS
from access_es.outcome import LAYERS, OUTCOMES
from access_es.server.metrics import table
from access_es.server.metrics.exposition import BUILD
from tests.moto_server import moto_environment

DOCUMENT = (Path(__file__).parents[2] / "docs" / "watching.md").read_text()
FOLDER = Path(__file__).parents[2] / "docs" / "watching"
NAMESPACE = "access-es/dev"
DIMENSIONS = {"outcome": OUTCOMES, "layer": LAYERS}
_ENDS = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
LABELS: dict[str, dict[str, tuple[str, ...]]] = {
    metric.name + end: dict(metric.labels) for metric in table.METRICS for end in _ENDS[metric.kind]
}
LABELS[BUILD] = {"version": ()}


def cells(heading: str) -> Iterator[list[str]]:
    """The rows of the table with this first column, below its head, as the texts between its bars."""
    lines = DOCUMENT.partition(f"| {heading} |")[2].splitlines()
    for line in lines[2:]:
        if not line.startswith("|"):
            return
        yield [cell.strip() for cell in line.strip("|").split(" | ")]


def quoted(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def test_every_metric_of_prometheus_is_documented_with_its_labels() -> None:
    rows = list(cells("metric | labels"))
    found = {quoted(name)[0]: quoted(labels) for name, labels, *_ in rows}
    base = {name: name.removesuffix("_bucket") for name in LABELS if not name.endswith(("_sum", "_count"))}
    assert found == {shown: list(LABELS[name]) for name, shown in base.items()}


def test_every_outcome_and_every_layer_is_documented() -> None:
    assert [quoted(row[0])[0] for row in cells("`outcome`")] == list(OUTCOMES)
    assert sorted(quoted(row[0])[0] for row in cells("`layer`")) == sorted(LAYERS)


def test_every_metric_of_cloudwatch_is_documented_with_its_unit() -> None:
    rows = list(cells("metric | unit"))
    assert {quoted(name)[0]: unit for name, unit, *_ in rows} == {"requests": "Count", **UNITS}


@pytest.mark.parametrize("file", ["grafana.json", "alerts.yml"])
def test_what_prometheus_is_asked_for_exists(file: str) -> None:
    text = (FOLDER / file).read_text()
    text = "\n".join(expressions(json.loads(text))) if file.endswith(".json") else text
    used = re.findall(r"(access_es_\w+)(?:\{(.*?)\})?", text)
    assert len(used) >= 5
    for name, matchers in used:
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', matchers):
            known = LABELS[name] | {"job": ("$job",)}
            assert set(values.split("|")) <= set(known[label]), (name, label)
    for name, labels in re.findall(r"by \((.*?)\) \(\w+\((access_es_\w+)", text):
        assert set(re.split(", ", name)) <= {*LABELS[labels], "job", "le"}


def expressions(dashboard: dict[str, Any]) -> list[str]:
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    return [*asked, *(each["query"]["query"] for each in dashboard["templating"]["list"] if each["type"] == "query")]


def test_what_cloudwatch_is_asked_for_exists() -> None:
    dashboard = json.loads((FOLDER / "cloudwatch.json").read_text())
    shown = [metric for widget in dashboard["widgets"] for metric in widget["properties"].get("metrics", [])]
    for namespace, name, *pairs in shown:
        plain = [part for part in pairs if isinstance(part, str)]
        check(namespace, name, dict(zip(plain[::2], plain[1::2], strict=True)))
    assert {name for _, name, *_ in shown} == {"requests", *UNITS}


def check(namespace: str, name: str, dimensions: dict[str, str]) -> None:
    assert namespace == NAMESPACE and name in {"requests", *UNITS}
    assert list(dimensions) in ([], ["outcome"], ["outcome", "layer"])
    assert name == "requests" or not dimensions
    assert all(value in DIMENSIONS[key] for key, value in dimensions.items())


def test_the_alarms_can_be_made_and_watch_what_there_is(moto_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in moto_environment(moto_url).items():
        monkeypatch.setenv(name, value)
    cloudwatch = boto3.client("cloudwatch")
    cloudwatch.put_dashboard(DashboardName="access-es", DashboardBody=(FOLDER / "cloudwatch.json").read_text())
    for each in json.loads((FOLDER / "alarms.json").read_text())["Resources"].values():
        assert each["Type"] == "AWS::CloudWatch::Alarm"
        call = {name: value for name, value in resolve(each["Properties"]).items() if value is not None}
        cloudwatch.put_metric_alarm(**call)
        expression, *watched = call["Metrics"]
        assert {one["Id"] for one in watched} == set(re.findall(r"[a-z]\w*", expression["Expression"]))
        for metric in (one["MetricStat"]["Metric"] for one in watched):
            check(
                metric["Namespace"], metric["MetricName"], {one["Name"]: one["Value"] for one in metric["Dimensions"]}
            )
    alarms = cloudwatch.describe_alarms(AlarmNamePrefix=NAMESPACE)["MetricAlarms"]
    names = {alarm["AlarmName"].removeprefix(f"{NAMESPACE} ") for alarm in alarms}
    assert names == set(re.findall(r"`, \*([\w ]+)\*\)", DOCUMENT)) and len(names) == 3


def resolve(value: Any) -> Any:
    """A part of the template as CloudFormation makes a call of it, with its defaults: the names are those of the API."""
    match value:
        case {"Ref": "Namespace"}:
            return NAMESPACE
        case {"Fn::Sub": str(text)}:
            return text.replace("${Namespace}", NAMESPACE)
        case {"Fn::If": ["HasTopic", [{"Ref": "Topic"}], {"Ref": "AWS::NoValue"}]}:
            return None
        case dict():
            return {name: resolve(each) for name, each in value.items()}
        case list():
            return [resolve(each) for each in value]
    return value


def test_the_alerts_of_prometheus_are_documented() -> None:
    assert set(re.findall(r"alert: (\w+)", (FOLDER / "alerts.yml").read_text())) == set(
        re.findall(r"\(`(AccessEs\w+)`", DOCUMENT)
    )
