"""What the demo says when a machine cannot run it: one sentence and the command that fixes it."""

from pathlib import Path


class DemoUnavailable(Exception):
    """The demo cannot start here; `sentence` says why and `command` is what to run to change that."""

    def __init__(self, sentence: str, command: str) -> None:
        super().__init__(f"{sentence} Run: {command}")
        self.sentence = sentence
        self.command = command


class ChildFailed(DemoUnavailable):
    """A program of the demo ended or stayed unhealthy; the last lines of its log are part of the sentence."""

    def __init__(self, sentence: str, log: Path) -> None:
        super().__init__(f"{sentence}\n{tail(log)}\n", f"less {log}")


def tail(log: Path, lines: int = 15) -> str:
    """Return the last `lines` lines of a log, each indented; empty when there is no log."""
    if not log.exists():
        return ""
    last = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(f"    {line[:300]}" for line in last)
