"""Finds keys of a stage that nothing reads: misspelt ones, and settings of access-es in the wrong place. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator

from access_es.provision.finding import Finding, fault
from access_es.settings.names import NAMES

# All that Zappa 0.63 reads of a stage. It says nothing about others.
ZAPPA_NAMES = frozenset({
    "additional_text_mimetypes", "alb_enabled", "alb_vpc_config", "api_key", "api_key_required",
    "apigateway_description", "apigateway_enabled", "apigateway_lambda_qualifier", "apigateway_policy",
    "apigateway_version", "app_function", "app_type", "architecture", "assume_policy", "async_resources",
    "async_response_table", "async_response_table_read_capacity", "async_response_table_write_capacity",
    "async_source", "attach_policy", "authorizer", "aws_endpoint_urls", "aws_environment_variables",
    "aws_kms_key_arn", "aws_region", "base_path", "binary_support", "bot_events", "cache_cluster_enabled",
    "cache_cluster_encrypted", "cache_cluster_size", "cache_cluster_ttl", "callbacks", "certificate",
    "certificate_arn", "certificate_chain", "certificate_key", "cloudwatch_data_trace", "cloudwatch_log_level",
    "cloudwatch_metrics_enabled", "cognito", "context_header_mappings", "cors", "dead_letter_arn", "debug",
    "delete_local_zip", "delete_s3_zip", "django_settings", "domain", "efs_config", "endpoint_configuration",
    "environment_variables", "ephemeral_storage", "events", "exception_handler", "exclude", "exclude_glob",
    "extends", "extra_permissions", "function_url_cloudfront_config", "function_url_config",
    "function_url_domains", "function_url_enabled", "iam_authorization", "include", "keep_warm",
    "keep_warm_expression", "lambda_concurrency", "lambda_description", "lambda_handler", "layers",
    "lets_encrypt_key", "log_level", "manage_roles", "memory_size", "num_retained_versions",
    "payload_compression", "payload_minimum_compression_size", "prebuild_script", "profile_name", "project_name",
    "provisioned_concurrency", "remote_env", "remote_env_bucket", "remote_env_file", "role_arn", "role_name",
    "route53_enabled", "runtime", "s3_bucket", "settings_file", "slim_handler", "snap_start", "tags",
    "timeout_seconds", "touch", "touch_path", "use_apigateway", "use_precompiled_packages", "vpc_config",
    "websocket_handler_module", "xray_tracing",
})  # fmt: skip


def check_names(names: Iterable[str]) -> Iterator[Finding]:
    """Names that resemble none are left alone: notes of one's own, such as `_timeout_seconds`, and newer keys."""
    for name in names:
        if name in NAMES:
            what = f"{name} is beside environment_variables, where nothing reads it"
            yield fault("zappa", what, f'move "{name}" into "environment_variables"')
        elif name not in ZAPPA_NAMES and not name.startswith(("_", "#", "/")):
            for close in difflib.get_close_matches(name.lower(), ZAPPA_NAMES, n=1, cutoff=0.8):
                yield fault("zappa", f"{name} is not a key of Zappa: nothing reads it", f'call it "{close}"')
