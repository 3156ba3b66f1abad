"""The domain's ARN, which the policy needs: from a setting, from the address, or by asking AWS for custom endpoints."""

from __future__ import annotations

import re

from access_es.errors import AwsFailure, SettingsError
from access_es.partitions import partition_of
from access_es.provision.calls import Call
from access_es.provision.deployment import Deployment
from access_es.settings.endpoint import Endpoint

# search-<name>-<id>.…, vpc-<name>-<id>.…: names may have hyphens, ids have none.
_DOMAIN = re.compile(r"(?:search|vpc)-(?P<name>[a-z][a-z0-9-]*)-[a-z0-9]+\.")
_COLLECTION = re.compile(r"(?P<id>[a-z0-9]+)\.[a-z0-9-]+\.aoss\.")
_BATCH_SIZE = 5  # DescribeDomains takes so many names


def derive_domain_arn(endpoint: Endpoint, region: str, account: str) -> str | None:
    """The ARN, if it can be derived from the address."""
    known = endpoint.service is not None
    if known and (collection := _COLLECTION.match(endpoint.host)):
        return f"arn:{partition_of(region).name}:aoss:{region}:{account}:collection/{collection['id']}"
    if known and (domain := _DOMAIN.match(endpoint.host)):
        return f"arn:{partition_of(region).name}:es:{region}:{account}:domain/{domain['name']}"
    return None


def find_domain_arn(deployment: Deployment, call: Call) -> str | None:
    """None where the function signs nothing with its own role. Raises SettingsError where the ARN cannot be known."""
    settings = deployment.settings
    if not settings.sign or settings.role_arn:
        return None
    known = settings.domain_arn or derive_domain_arn(settings.endpoint, deployment.data_region, deployment.account)
    return known or _search(settings.endpoint.host, call)


def _search(host: str, call: Call) -> str:
    why = f"no domain of this account and region has the address {host}"
    try:
        names = [domain["DomainName"] for domain in call("opensearch", "list_domain_names")["DomainNames"]]
        for start in range(0, len(names), _BATCH_SIZE):
            asked = call("opensearch", "describe_domains", DomainNames=names[start : start + _BATCH_SIZE])
            for domain in asked["DomainStatusList"]:
                if domain.get("DomainEndpointOptions", {}).get("CustomEndpoint") == host.partition(":")[0]:
                    arn: str = domain["ARN"]
                    return arn
    except AwsFailure as failure:
        why = f"the domain of {host} cannot be looked up ({failure.reason})"
    raise SettingsError([f"ES_DOMAIN_ARN is missing: {why}; set it to arn:aws:es:<region>:<account>:domain/<name>."])
