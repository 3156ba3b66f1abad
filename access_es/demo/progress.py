"""Tell a waiting person what takes so long."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Progress = Callable[[str], None]


@contextmanager
def step(progress: Progress, text: str, every_seconds: float = 10) -> Iterator[None]:
    """Report `text`, then every few seconds that it is still going on, until the block ends."""
    progress(text)
    done = threading.Event()
    ticking = threading.Thread(target=_tick, args=(progress, text, every_seconds, done), daemon=True)
    ticking.start()
    try:
        yield
    finally:
        done.set()
        ticking.join()


def _tick(progress: Progress, text: str, every_seconds: float, done: threading.Event) -> None:
    begun = time.monotonic()
    while not done.wait(every_seconds):
        progress(f"{text} ({time.monotonic() - begun:.0f} s)")
