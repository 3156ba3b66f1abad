"""Metrics for Prometheus: what is counted, the memory that all workers count in, and the page that shows it.

Only this server has them: behind Lambda each sandbox knows its own requests alone (`embedded_metrics` is for that).
"""
