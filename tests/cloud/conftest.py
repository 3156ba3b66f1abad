"""Fixtures of the emulated cloud: see `package`, `lambda_door` and `through`."""

from tests.cloud.lambda_door import cloud, lambda_door
from tests.cloud.package import package, runtime
from tests.cloud.through import domain, through

__all__ = ["cloud", "domain", "lambda_door", "package", "runtime", "through"]
