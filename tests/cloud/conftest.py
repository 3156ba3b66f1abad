"""Fixtures of the emulated cloud: see `kibana_domain`, `package`, `lambda_door` and `through`."""

from tests.browser.fixture import browser
from tests.cloud.client_calls import domain, through
from tests.cloud.front_door import cloud, lambda_door
from tests.cloud.kibana_domain import kibana_domain
from tests.cloud.package import package, runtime

__all__ = ["browser", "cloud", "domain", "kibana_domain", "lambda_door", "package", "runtime", "through"]
