"""Why a request cannot be judged: what is not read without doubt is refused to all who may not do everything."""

from __future__ import annotations


class Unjudgeable(Exception):
    """What a request does could not be found out; `why` goes into the sentence of the refusal."""

    def __init__(self, why: str, line: int | None = None) -> None:
        self.why, self.line = why, line
        super().__init__(why)
