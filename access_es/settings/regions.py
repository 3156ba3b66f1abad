"""AWS's regions by name, so that a misspelt one is found before anything is asked of it."""

from __future__ import annotations

from collections.abc import Iterable

# From botocore's `partitions.json` (version 1.44); a test compares the two. A region that is newer works where the
# domain's address contains it.
REGIONS = frozenset((
    "af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-1", "ap-northeast-2", "ap-northeast-3", "ap-south-1",
    "ap-south-2", "ap-southeast-1", "ap-southeast-2", "ap-southeast-3", "ap-southeast-4", "ap-southeast-5",
    "ap-southeast-6", "ap-southeast-7", "ca-central-1", "ca-west-1", "eu-central-1", "eu-central-2", "eu-north-1",
    "eu-south-1", "eu-south-2", "eu-west-1", "eu-west-2", "eu-west-3", "il-central-1", "me-central-1", "me-south-1",
    "me-west-1", "mx-central-1", "sa-east-1", "sa-west-1", "us-east-1", "us-east-2", "us-west-1", "us-west-2",
    "cn-north-1", "cn-northwest-1", "eusc-de-east-1", "us-iso-east-1", "us-iso-west-1", "us-isob-east-1",
    "us-isob-west-1", "eu-isoe-west-1", "us-isof-east-1", "us-isof-south-1", "us-gov-east-1", "us-gov-west-1",
))  # fmt: skip


def parse_region(text: str) -> str:
    """A region that AWS has. Raises ValueError with the nearest one."""
    if text not in REGIONS:
        raise ValueError(f"{text!r} is not a region of AWS; the nearest name is {nearest(text, REGIONS)}")
    return text


def nearest(text: str, names: Iterable[str]) -> str:
    """The name that a person is likely to have meant: first the one with the same letters, in another order."""
    from difflib import SequenceMatcher  # for mistakes alone: a cold start does without

    text = text.lower().replace("_", "-")

    def likeness(name: str) -> tuple[bool, float, str]:
        return sorted(name) == sorted(text), SequenceMatcher(None, name, text).ratio(), name

    return max(names, key=likeness)
