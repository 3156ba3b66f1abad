"""The app object for WSGI servers and Zappa, with the settings of the real environment."""

from __future__ import annotations

import os
from pathlib import Path

from flask import Flask

from access_es.app import create_app
from access_es.aws import AwsSession
from access_es.live_permissions import open_permissions
from access_es.services import build_services
from access_es.settings.read import read_settings
from access_es.settings.remote import apply_config, fetch_config
from access_es.upstream.network import read_network


def build_app() -> Flask:
    """A new app. Raises SettingsError with every fault of the settings."""
    session = AwsSession()

    def fetch(place: str) -> str:
        return fetch_config(place, session=session)

    values = apply_config(os.environ, fetch)
    settings = read_settings(values)
    is_deployed = values.get("PERMISSIONS") == os.environ.get("PERMISSIONS")
    permissions = open_permissions(settings, None if is_deployed else fetch, Path(__file__).parents[1])
    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    network = read_network(os.environ, settings.connect_url)
    return create_app(
        build_services(settings, session=session, function_name=function_name, network=network, permissions=permissions)
    )


def __getattr__(name: str) -> Flask:
    # `access_es.wsgi:app` is built when a server asks for it, so that importing this module has no effect.
    if name != "app":
        raise AttributeError(name)
    app = globals()["app"] = build_app()
    return app
