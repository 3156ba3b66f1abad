"""Provisioning: builds the package, and creates what it needs in AWS."""
