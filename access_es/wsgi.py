"""The app object for WSGI servers and Zappa, with the settings of the real environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from access_es.app import create_app
from access_es.aws import AwsSession
from access_es.live_permissions import open_permissions
from access_es.services import Services, build_services
from access_es.settings.read import read_settings
from access_es.settings.remote import apply_config, fetch_config
from access_es.upstream.network import read_network

if TYPE_CHECKING:
    from flask import Flask


def open_services() -> Services:
    """What an app is made of. Raises SettingsError with every fault of the settings."""
    session = AwsSession()

    def fetch(place: str) -> str:
        return fetch_config(place, session=session)

    values = apply_config(os.environ, fetch)
    settings = read_settings(values)
    is_deployed = values.get("PERMISSIONS") == os.environ.get("PERMISSIONS")
    permissions = open_permissions(settings, None if is_deployed else fetch, Path(__file__).parents[1])
    function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
    network = read_network(os.environ, settings.connect_url)
    return build_services(
        settings, session=session, function_name=function_name, network=network, permissions=permissions
    )


def __getattr__(name: str) -> Flask:
    # `access_es.wsgi:app` is built when a server asks for it, so that importing this module has no effect.
    if name != "app":
        raise AttributeError(name)
    app = globals()["app"] = create_app(open_services())
    return app
