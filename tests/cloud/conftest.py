"""Fixtures of the emulated cloud: see `package` and `lambda_door`."""

from tests.cloud.lambda_door import cloud, lambda_door
from tests.cloud.package import package, runtime

__all__ = ["cloud", "lambda_door", "package", "runtime"]
