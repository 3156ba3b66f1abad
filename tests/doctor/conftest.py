"""The fixtures of provisioning: the doctor looks at what it makes."""

from __future__ import annotations

from tests.provision.conftest import aws, deploy, make_stage, profile

__all__ = ["aws", "deploy", "make_stage", "profile"]
