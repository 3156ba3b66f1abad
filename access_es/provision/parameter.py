"""Creates the parameter that CONFIG names, with a new secret for sessions, so that no file needs to hold one."""

from __future__ import annotations

import json
import secrets

from access_es.provision.deployment import Deployment
from access_es.provision.step import Plan, Step


def plan_parameter(deployment: Deployment) -> Plan:
    """An existing parameter is never changed."""
    name = deployment.missing_parameter
    if name is None:
        return Plan()
    content = {} if deployment.has_own_secret else {"SESSION_SECRET": secrets.token_urlsafe(48)}
    parameters = {"Name": name, "Type": "SecureString", "Value": json.dumps(content), "Overwrite": False}
    holding = "with a new SESSION_SECRET" if content else "empty"
    what = f"create the encrypted parameter {name}, {holding}"
    return Plan((Step(what, "ssm", "put_parameter", parameters, done_if=("ParameterAlreadyExists",)),))
