"""Kibana and Dashboards below a mount: what their documents say about their own path gets the mount put before it.

Nothing here is imported where a request has no mount.
"""
