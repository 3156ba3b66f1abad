"""Dollars a month for a team of 20 on each front door, beside a container and a machine that are always on.

    python -m bench.costs          writes the tables of docs/costs.md

Pure arithmetic on what was measured (`python -m bench.kibana_pages`) and on AWS's list prices, which are assumptions.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DOCUMENT = Path(__file__).parent.parent / "docs" / "costs.md"
HOURS = 730
GIGABYTE = 1000.0  # megabytes
STREAM_FREE_MEGABYTES = 6.0  # of each answer
STORE_SECONDS, STORE_CALLS = 1.0, 6  # to put an export into S3, in parts of 8 MB
REST_UNIT_MEGABYTES = 10.0  # of a streamed answer, each counted as one request more


@dataclass(frozen=True)
class Price:
    what: str
    dollars: float
    unit: str


PRICES: Mapping[str, Price] = {
    "compute": Price("Lambda, x86, per GB of memory and second", 0.0000166667, "GB-s"),
    "invocation": Price("Lambda, per million requests", 0.20, "million"),
    "stream": Price("Lambda, streamed bytes beyond the first 6 MB of an answer", 0.008, "GB"),
    "rest": Price("API Gateway, REST API", 3.50, "million"),
    "http": Price("API Gateway, HTTP API", 1.00, "million"),
    "alb": Price("Application Load Balancer, with one capacity unit", 0.0225 + 0.008, "hour"),
    "address": Price("public IPv4 address", 0.005, "hour"),
    "fargate": Price("Fargate, 0.25 vCPU and 0.5 GB", 0.25 * 0.04048 + 0.5 * 0.004445, "hour"),
    "ec2": Price("EC2, t4g.micro", 0.0084, "hour"),
    "disk": Price("EBS, gp3", 0.08, "GB and month"),
    "reads": Price("DynamoDB, on demand, per million read units", 0.125, "million"),
    "storage": Price("S3, per thousand PUT requests", 0.005, "thousand"),
    "metric": Price("CloudWatch, a custom metric that is sent in every hour of the month", 0.30, "metric"),
    "logs": Price("CloudWatch Logs, taken in", 0.50, "GB"),
    "transfer": Price("data out to the internet, beyond 100 GB a month", 0.09, "GB"),
}


@dataclass(frozen=True)
class Page:
    """As measured: requests, megabytes on the wire, and milliseconds that Lambda bills, all together."""

    requests: int
    megabytes: float
    milliseconds: float


@dataclass(frozen=True)
class Usage:
    """A month of a team. `line_megabytes` a second is what its people's connections take."""

    people: int = 20
    days: int = 22
    first_pages: int = 2  # per person, each day: with an empty cache, after an update or in another browser, say
    pages: int = 30
    searches: int = 120
    exports: int = 1  # of 30 MB on the wire, for each person and day
    export_megabytes: float = 30.0
    line_megabytes: float = 6.0
    memory_gigabytes: float = 1.0

    def times(self, daily: int) -> int:
        return self.people * self.days * daily


# `python -m bench.kibana_pages --streaming`; see docs/costs.md for the machine.
FIRST, AGAIN, SEARCH = Page(39, 1.28, 14413), Page(32, 0.08, 2543), Page(9, 0.05, 1137)
METRICS = 30  # that a busy stage sends with METRICS_NAMESPACE, see docs/watching.md
METRIC_LINE_BYTES = 420  # that it adds to the log line of a request
KEEP_WARM = HOURS * 15  # pings, one each four minutes
KEEP_WARM_MILLISECONDS = 20.0


@dataclass(frozen=True)
class Month:
    requests: int
    megabytes: float
    seconds: float
    exports: int
    export_megabytes: float


def add_up(usage: Usage) -> Month:
    counted = ((FIRST, usage.first_pages), (AGAIN, usage.pages), (SEARCH, usage.searches))
    exports = usage.times(usage.exports)
    return Month(
        requests=sum(page.requests * usage.times(daily) for page, daily in counted) + exports,
        megabytes=sum(page.megabytes * usage.times(daily) for page, daily in counted),
        seconds=sum(page.milliseconds / 1000 * usage.times(daily) for page, daily in counted),
        exports=exports,
        export_megabytes=exports * usage.export_megabytes,
    )


def lambda_dollars(month: Month, usage: Usage, *, streaming: bool) -> float:
    """Streaming, the function runs as long as the client's line, or Lambda's 2 MB/s, takes for the answer."""
    streamed = 0.0
    if streaming:
        beyond = usage.export_megabytes - STREAM_FREE_MEGABYTES
        waited = month.megabytes / usage.line_megabytes + month.exports * beyond / 2
        streamed = month.exports * beyond / GIGABYTE
    else:
        waited = month.exports * STORE_SECONDS
    seconds = (month.seconds + waited) * usage.memory_gigabytes + KEEP_WARM * KEEP_WARM_MILLISECONDS / 1000
    return (
        seconds * PRICES["compute"].dollars
        + (month.requests + KEEP_WARM) / 1e6 * PRICES["invocation"].dollars
        + streamed * PRICES["stream"].dollars
        + month.requests / 1e6 * PRICES["reads"].dollars
        + (0 if streaming else month.exports * STORE_CALLS / 1000 * PRICES["storage"].dollars)
    )


def gateway_dollars(door: str, month: Month, usage: Usage) -> float:
    million = PRICES["http" if door == "http" else "rest"].dollars / 1e6
    more = month.exports * (usage.export_megabytes // REST_UNIT_MEGABYTES) if door == "rest-streaming" else 0
    return (month.requests + more) * million


def doors(usage: Usage) -> dict[str, tuple[float, float]]:
    """What runs us, and what stands before it, in dollars a month."""
    month = add_up(usage)
    whole, streaming = (lambda_dollars(month, usage, streaming=each) for each in (False, True))
    balancer = HOURS * (PRICES["alb"].dollars + 2 * PRICES["address"].dollars)
    return {
        "REST API": (whole, gateway_dollars("rest", month, usage)),
        "REST API, streaming": (streaming, gateway_dollars("rest-streaming", month, usage)),
        "HTTP API": (whole, gateway_dollars("http", month, usage)),
        "Function URL": (whole, 0.0),
        "load balancer before Lambda": (whole, balancer),
        "Fargate, always on, behind a load balancer": (HOURS * PRICES["fargate"].dollars, balancer),
        "EC2, always on": (
            HOURS * (PRICES["ec2"].dollars + PRICES["address"].dollars) + 8 * PRICES["disk"].dollars, 0.0,
        ),
    }  # fmt: skip


def tables() -> dict[str, str]:
    """The tables of the document, by their names in it."""
    usage = Usage()
    month = add_up(usage)
    pages = (("Discover, empty browser cache", FIRST), ("Discover again", AGAIN), ("a search on it", SEARCH))
    heads = {
        "costs": ["| front door | access-es | front door | together |", "|---|---|---|---|"],
        "pages": ["| page | requests | MB | billed ms |", "|---|---|---|---|"],
        "prices": ["| price | dollars | per |", "|---|---|---|"],
    }
    rows = {
        "costs": [f"| {name} | ${a:.2f} | ${b:.2f} | **${a + b:.2f}** |" for name, (a, b) in doors(usage).items()],
        "pages": [f"| {name} | {p.requests} | {p.megabytes:.2f} | {p.milliseconds:.0f} |" for name, p in pages],
        "prices": [
            f"| {p.what} | {p.dollars:.10f}".rstrip("0").rstrip(".") + f" | {p.unit} |" for p in PRICES.values()
        ],
    }
    found = {name: "\n".join([*heads[name], *rows[name]]) for name in heads}
    gigabytes = (month.megabytes + month.export_megabytes) / GIGABYTE
    found["month"] = f"{month.requests:,} requests, {gigabytes:,.0f} GB, {month.seconds:,.0f} seconds of the function"
    logged = month.requests * METRIC_LINE_BYTES / 1e9 * PRICES["logs"].dollars
    found["metrics"] = f"${METRICS * PRICES['metric'].dollars:.2f} for {METRICS} metrics, ${logged:.2f} for the log"
    return found


def write(text: str) -> str:
    """The document with its tables made anew: each lies between two comments."""
    for name, table in tables().items():
        before, mark, rest = text.partition(f"<!-- {name} -->\n")
        end = f"\n<!-- /{name} -->"
        text = before + mark + table + end + rest.partition(end)[2]
    return text


def main() -> int:
    DOCUMENT.write_text(write(DOCUMENT.read_text(encoding="utf-8")), encoding="utf-8")
    print(tables()["costs"])
    return 0


if __name__ == "__main__":
    sys.exit(main())
