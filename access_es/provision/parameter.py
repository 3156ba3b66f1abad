"""The parameter that CONFIG names: made with a new secret for sessions, so that nobody has to write one into a file."""

from __future__ import annotations

import json
import secrets

from access_es.provision.deployment import Deployment
from access_es.provision.step import Plan, Step


def plan_parameter(deployment: Deployment) -> Plan:
    """What is there already is never touched."""
    name = deployment.missing_parameter
    if name is None:
        return Plan()
    content = {} if deployment.has_own_secret else {"SESSION_SECRET": secrets.token_urlsafe(48)}
    parameters = {"Name": name, "Type": "SecureString", "Value": json.dumps(content), "Overwrite": False}
    holding = "with a new SESSION_SECRET" if content else "empty"
    what = f"create the encrypted parameter {name}, {holding}"
    return Plan((Step(what, "ssm", "put_parameter", parameters, done_if=("ParameterAlreadyExists",)),))
