"""AWS's partitions: which regions each has, and the names that its services and buckets have there.

From botocore's `partitions.json` (version 1.44); a test compares the two. It is written down here because reading that
file takes longer than a cold start may.
"""

from __future__ import annotations

import re

from access_es.lazy_dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Partition:
    """`name` stands in ARNs, `suffix` ends the names of services, `on_suffix` those of dual-stack domains."""

    name: str
    prefix: str  # of its regions' names
    suffix: str
    on_suffix: str = "on.aws"


AWS = Partition("aws", "", "amazonaws.com")
# The longest prefixes first: us-iso is the beginning of us-isob.
_OTHERS = (
    Partition("aws-cn", "cn-", "amazonaws.com.cn", "on.amazonwebservices.com.cn"),
    Partition("aws-us-gov", "us-gov-", "amazonaws.com"),
    Partition("aws-eusc", "eusc-", "amazonaws.eu", "on.amazonwebservices.eu"),
    Partition("aws-iso", "us-iso-", "c2s.ic.gov"),
    Partition("aws-iso-b", "us-isob-", "sc2s.sgov.gov"),
    Partition("aws-iso-e", "eu-isoe-", "cloud.adc-e.uk"),
    Partition("aws-iso-f", "us-isof-", "csp.hci.ic.gov"),
)
PARTITIONS = (AWS, *_OTHERS)
REGION = r"[a-z]{2,4}(?:-[a-z]+)+-\d+"  # us-east-1, us-isob-east-1, eusc-de-east-1
SUFFIX = "(?:" + "|".join(sorted({re.escape(one.suffix) for one in PARTITIONS}, key=len, reverse=True)) + ")"
ON_SUFFIX = "(?:" + "|".join(sorted({re.escape(one.on_suffix) for one in PARTITIONS}, key=len, reverse=True)) + ")"


def partition_of(region: str) -> Partition:
    """The partition that a region belongs to; `aws` for a region that is not known yet."""
    return next((one for one in _OTHERS if region.startswith(one.prefix)), AWS)
