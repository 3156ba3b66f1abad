"""How much `_search` JSON leaves a REST API in one piece, by the coding that the client takes."""

from __future__ import annotations

import io

from access_es.delivery.compression import CODINGS
from access_es.delivery.fit import fit
from access_es.delivery.lambda_answer import DoorSizeLimit
from access_es.errors import AnswerTooLarge
from access_es.front_doors import REST
from access_es.messages import ProxyRequest, ProxyResponse
from bench.compression import search_answer

MOST_MEGABYTES = 80
ORIGINAL_MEGABYTES = 4.5  # what scoates/access-es takes for the most, base64 being a third more
STEP_MEGABYTES = 0.25


def largest_megabytes(body: bytes, accept: str) -> float:
    low, high = 0.0, len(body) / 1e6
    while high - low > STEP_MEGABYTES:
        middle = (low + high) / 2
        low, high = (middle, high) if is_whole(body[: int(middle * 1e6)], accept) else (low, middle)
    return low


def is_whole(body: bytes, accept: str) -> bool:
    request = ProxyRequest("bench", "GET", b"/_search", (("Accept-Encoding", accept),), io.BytesIO(), "https", "")
    answer = ProxyResponse.held(200, (("Content-Type", "application/json; charset=UTF-8"),), body)
    try:
        fit(answer, request, DoorSizeLimit(REST), None, lambda: float("inf"))
    except AnswerTooLarge:
        return False
    return True


def print_limits() -> None:
    body = search_answer(MOST_MEGABYTES)
    print("`_search` answers of the demo's documents that need no store:\n")
    print("| client takes | up to | times the original's 4.5 MB |\n|---|---|---|")
    for coding in (*CODINGS, "identity"):
        megabytes = largest_megabytes(body, coding)
        print(f"| {coding} | {megabytes:.1f} MB | {megabytes / ORIGINAL_MEGABYTES:.1f} |", flush=True)
