"""Codings side by side on a real `_search` answer's shape: how much smaller, how fast, at which level.

python -m bench.compression [--megabytes 20]
"""

from __future__ import annotations

import argparse
import importlib
import json
import sys
import time
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from access_es.demo.log_documents import log_documents


def search_answer(megabytes: int) -> bytes:
    """The demo's documents as hits."""
    hits = []
    size = 0
    for number, document in enumerate(log_documents(datetime.now(UTC), 1_000_000)):
        hit = {
            "_index": "demo-logs",
            "_type": "log",
            "_id": f"AY{number:08}",
            "_score": None,
            "_source": document.fields,
        }
        text = json.dumps(hit, separators=(",", ":"))
        hits.append(text)
        size += len(text)
        if size > megabytes * 1_000_000:
            break
    return f'{{"took":5,"hits":{{"total":{len(hits)},"hits":[{",".join(hits)}]}}}}'.encode()


def codings() -> dict[str, Callable[[bytes], bytes]]:
    brotli: Any = importlib.import_module("brotli")
    zstd: Any = importlib.import_module("compression.zstd" if sys.version_info >= (3, 14) else "backports.zstd")
    named: dict[str, Callable[[bytes], bytes]] = {}
    for level in (1, 4, 6):
        named[f"gzip {level}"] = lambda data, level=level: zlib.compress(data, level, 31)  # type: ignore[misc]
    for level in (1, 4, 5, 6):
        named[f"br {level}"] = lambda data, level=level: brotli.compress(data, quality=level)  # type: ignore[misc]
    for level in (1, 3, 6, 9):
        named[f"zstd {level}"] = lambda data, level=level: zstd.compress(data, level=level)  # type: ignore[misc]
    return named


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=20)
    body = search_answer(parser.parse_args().megabytes)
    quotes = body.count(b'"') / len(body)
    print(f"{len(body) / 1e6:.1f} MB of JSON, {quotes:.0%} of it quotes\n")
    print("| coding | times smaller | MB/s |\n|---|---|---|")
    for name, compress in codings().items():
        started = time.perf_counter()
        small = compress(body)
        print(f"| {name} | {len(body) / len(small):.2f} | {len(body) / 1e6 / (time.perf_counter() - started):,.0f} |")
    return 0


if __name__ == "__main__":
    sys.exit(main())
