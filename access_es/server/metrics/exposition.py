"""What the workers have counted, as prometheus_client writes it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from access_es import __version__
from access_es.server.metrics import table

if TYPE_CHECKING:
    from wsgiref.types import WSGIApplication

BUILD = "access_es_build_info"


class _Shown(Collector):
    def __init__(self, read: Callable[[], Sequence[float]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        cells = self._read()
        for metric in table.METRICS:
            yield _family(metric, cells[metric.first : metric.first + metric.width])
        build = GaugeMetricFamily(BUILD, "1; the version is its label.", labels=["version"])
        build.add_metric([__version__], 1)
        yield build

    def describe(self) -> Iterable[Metric]:
        return self.collect()


def metrics_app(read: Callable[[], Sequence[float]]) -> WSGIApplication:
    """Answers as the scraper prefers: text or OpenMetrics, perhaps with gzip. `read` gives the value of each cell."""
    registry = CollectorRegistry()
    registry.register(_Shown(read))
    return make_wsgi_app(registry)


def _family(metric: table.Metric, values: Sequence[float]) -> Metric:
    if metric.kind == "histogram":
        histogram = HistogramMetricFamily(metric.name, metric.meaning)
        histogram.add_metric([], list(_cumulated(values[1:])), values[0])
        return histogram
    made = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    family = made(metric.name, metric.meaning, labels=list(metric.labels))
    for labels, value in zip(metric.series(), values, strict=True):
        family.add_metric(labels, value)
    return family


def _cumulated(counts: Iterable[float]) -> Iterator[tuple[str, float]]:
    bounds = (*map(str, table.SECONDS), "+Inf")
    return zip(bounds, itertools.accumulate(counts), strict=True)
