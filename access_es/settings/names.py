"""The table of settings: each is said here, once, and everywhere else is made from it.

From it come the value that the program runs with, the faults, near misses, and the tables of docs/settings.md
(`python -m access_es.settings.document`). The names are the same in `zappa_settings.json` (a stage's
`environment_variables`), in CONFIG and in the real environment. A new setting is one row here, and its use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import TYPE_CHECKING

from access_es.lazy_dataclass import dataclass
from access_es.settings import parsers
from access_es.settings.endpoint import Endpoint, parse_address, parse_endpoint
from access_es.settings.setting import Setting, setting

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

    from access_es.permissions.roles import Permissions
    from access_es.settings.single_sign_on import Allow, MachineRule

LONG_QUERY_PATHS = ("_reindex", "_update_by_query", "_delete_by_query", "_forcemerge", "_shrink", "_split", "_clone")
_MOST_URL_SECONDS = 7 * 24 * 3600  # S3 User Guide, "Sharing objects with presigned URLs"


def _derive_region(settings: Settings) -> str:
    if settings.sign and not settings.endpoint.region:
        raise ValueError(f"the address {settings.endpoint.host} does not contain the region")
    return settings.endpoint.region or ""


def _derive_service(settings: Settings) -> str:
    return settings.endpoint.service or "es"


def _require_client(settings: Settings) -> str:
    if settings.oidc_issuer:
        raise ValueError("it is the client that was registered with OIDC_ISSUER for access-es")
    return ""


@dataclass(frozen=True, slots=True)
class Settings:
    """What one stage runs with. Secrets hide in `repr`."""

    # fmt: off
    endpoint: Endpoint = setting(
        "ES_ENDPOINT", parse_endpoint, Endpoint("https", "unknown.invalid"), "Domain",
        "The address of the domain: `search-…`, `vpc-…`, a custom endpoint, `*.aos.<region>.on.aws`, or a serverless "
        "collection.",
        required="the address of the domain, such as https://search-….us-east-1.es.amazonaws.com",
    )
    sign: bool = setting(
        "ES_SIGN", parsers.boolean, True, "Domain", "`false` for a cluster that needs no signature."
    )
    region: str = setting(
        "ES_REGION", parsers.region, "", "Domain",
        "The region in the signature. A custom endpoint needs it.",
        derive=_derive_region, refers_to=("ES_ENDPOINT", "ES_SIGN"), shown_default="from the endpoint",
    )
    service: str = setting(
        "ES_SERVICE", parsers.service, "es", "Domain",
        "`es`, or `aoss` for a serverless collection.",
        derive=_derive_service, refers_to=("ES_ENDPOINT",), shown_default="from the endpoint",
    )
    role_arn: str | None = setting(
        "ES_ROLE_ARN", parsers.role_arn, None, "Domain", "The ARN of a role to assume before signing."
    )
    domain_arn: str | None = setting(
        "ES_DOMAIN_ARN", parsers.domain_arn, None, "Domain",
        "The domain's ARN, for the policy of the Lambda function. Needed where the address does not contain it: a "
        "custom endpoint, or a domain of another account.",
        shown_default="from the endpoint, or asked of AWS",
    )
    connect_to: str | None = setting(
        "ES_CONNECT_TO", parse_address, None, "Domain",
        "Another `host:port` to connect to, such as an SSH tunnel or a load balancer. The signature, the Host header "
        "and the certificate stay those of the endpoint.",
        shown_default="the endpoint itself",
    )
    connect_seconds: float = setting(
        "ES_CONNECT_SECONDS", parsers.positive(float), 5.0, "Domain", "How long to wait for a connection to the domain."
    )
    read_seconds: float = setting(
        "ES_READ_SECONDS", parsers.positive(float), 900.0, "Domain",
        "How long to wait for the domain's answer. The front door's own limit counts as well; a long query may take as "
        "long as its task may run.",
    )
    home_path: str | None = setting(
        "HOME_PATH", parsers.path, None, "Domain", "Where `/` and a sign-in lead.",
        shown_default="`/_dashboards/` or `/_plugin/kibana/`, as the domain has it",
    )
    session_secrets: tuple[str, ...] = setting(
        "SESSION_SECRET", parsers.secrets, (), "Sign-in",
        f"What session cookies are signed with, {parsers.MIN_SECRET_CHARACTERS} characters or more. To change it and "
        "keep everybody signed in, give several with commas between them, the newest first.",
        required="a random text; python -c 'import secrets; print(secrets.token_urlsafe(48))'", secret=True,
        shown_default="required; locally a random one",
    )
    session_hours: float = setting(
        "SESSION_HOURS", parsers.positive(float), 12.0, "Sign-in", "How long a sign-in lasts."
    )
    session_recheck_seconds: float = setting(
        "SESSION_RECHECK_SECONDS", parsers.positive(float), 60.0, "Sign-in",
        "How soon, at the latest, a disabled user, a changed password or a revoked token takes effect everywhere.",
    )
    users: str = setting(
        "USERS", parsers.users, "", "Sign-in",
        "Where users and API tokens are stored: `file:<path>` or `dynamodb:<table>`.",
        required="dynamodb:<table> or file:<path>", local="file:{state}/users.db",
    )
    text_error_tokens: tuple[str, ...] = setting(
        "TEXT_ERROR_TOKENS", parsers.names, (), "Sign-in",
        "Labels of API tokens whose programs get 503 and a text, not JSON, for errors that are worth another try. "
        "rsyslog gets that anyway; this is for others that drop what is refused in JSON.",
        shown_default="none",
    )
    cors_origins: tuple[str, ...] = setting(
        "CORS_ORIGINS", parsers.origins, (), "Sign-in",
        "Origins of other web pages whose scripts may use the API, with their users' sign-in: exact ones with commas "
        "between them, such as `https://tools.example.com`.",
        shown_default="none",
    )
    oidc_issuer: str = setting(
        "OIDC_ISSUER", parsers.issuer, "", "Single sign-on",
        "The OpenID Connect provider, exactly as it spells itself: `issuer` in its "
        "`/.well-known/openid-configuration`. See docs/single-sign-on.md.",
        shown_default="none: people sign in with passwords",
    )
    oidc_client_id: str = setting(
        "OIDC_CLIENT_ID", parsers.client_id, "", "Single sign-on",
        "The client that was registered there for access-es.",
        derive=_require_client, refers_to=("OIDC_ISSUER",), shown_default="required with `OIDC_ISSUER`",
    )
    oidc_client_secret: str = setting(
        "OIDC_CLIENT_SECRET", parsers.client_secret, "", "Single sign-on",
        "The client's secret. It belongs in CONFIG, not in the settings file.",
        secret=True, shown_default="none: a public client",
    )
    oidc_allow: Allow | None = setting(
        "OIDC_ALLOW", parsers.allow, None, "Single sign-on",
        "Who may come in, with commas between them: `group:<name>`, `domain:<domain of a verified mail address>`, "
        "`hd:<domain of a Google Workspace>`, `user:<subject or verified mail address>`, or `everyone`.",
        shown_default="none: nobody",
    )
    oidc_scopes: str = setting(
        "OIDC_SCOPES", parsers.scopes, "openid profile email", "Single sign-on",
        "What to ask the provider for. Some send groups only with a scope of their own.",
    )
    oidc_name_claim: str = setting(
        "OIDC_NAME_CLAIM", parsers.claim, "", "Single sign-on", "The claim with the name to show.",
        shown_default="`preferred_username`, else `email`, else `sub`",
    )
    oidc_groups_claim: str = setting(
        "OIDC_GROUPS_CLAIM", parsers.claim, "groups", "Single sign-on",
        "The claim with the groups, to which PERMISSIONS gives roles: its name, or a path that begins with `/`, such "
        "as `/resource_access/access-es/roles`.",
    )
    oidc_label: str = setting(
        "OIDC_LABEL", parsers.matching(r"[^\x00-\x1f\x7f]{1,60}", "one line of at most 60 characters"),
        "Sign in with your company account", "Single sign-on", "What the button on the sign-in page says.",
    )
    oidc_only: bool = setting(
        "OIDC_ONLY", parsers.boolean, False, "Single sign-on",
        "`true`: nobody signs in with a password. API tokens go on working. Keep a local user's token for the day on "
        "which the provider is down.",
    )
    oidc_token_days: float = setting(
        "OIDC_TOKEN_DAYS", parsers.positive(float), 30.0, "Single sign-on",
        "How long the API tokens of a person hold after the last sign-in through the provider.",
    )
    oidc_renew_minutes: float = setting(
        "OIDC_RENEW_MINUTES", parsers.positive(float), 60.0, "Single sign-on",
        "How old a session may be before the next page load goes through the provider again, unseen.",
    )
    oidc_machines: tuple[MachineRule, ...] = setting(
        "OIDC_MACHINES", parsers.machines, (), "Single sign-on",
        "Programs that come with a token of another issuer, such as GitHub Actions, instead of a stored secret: a "
        "list, as JSON. See docs/single-sign-on.md.",
        shown_default="none", takes_object=True,
    )
    contact: str = setting(
        "CONTACT", parsers.matching(r"[^\x00-\x1f\x7f]{1,200}", "one line of at most 200 characters"), "", "Pages",
        "Whom people can ask, shown on error pages and at the sign-in: a mail address, an https address, or a name.",
        shown_default="none",
    )
    permissions: Permissions | str | None = setting(
        "PERMISSIONS", parsers.permissions, None, "Permissions",
        "Who may do what: roles, the roles of each group, and those of everybody, as JSON, or as `file:<path>`; in "
        "CONFIG also as an object; docs/permissions.md. Without it, everybody who is signed in may do everything.",
        shown_default="none: everybody may do everything", takes_object=True,
    )
    read_only_sessions: bool = setting(
        "READ_ONLY_SESSIONS", parsers.boolean, True, "Permissions",
        "Whether the AWS sessions of roles with `sign_with` that write nothing are limited to reading, by a session "
        "policy.",
    )
    overflow_bucket: str | None = setting(
        "OVERFLOW_BUCKET", parsers.bucket, None, "Large answers",
        "The S3 bucket for answers that are too large for the front door. Without it they are refused.",
    )
    overflow_url_seconds: int = setting(
        "OVERFLOW_URL_SECONDS", parsers.positive(int, _MOST_URL_SECONDS), 60, "Large answers",
        "How long the link to such an answer works.",
    )
    tasks_table: str | None = setting(
        "TASKS_TABLE", parsers.tasks_table, None, "Long queries",
        "Where long queries are recorded: the name of a DynamoDB table, or `file:<path>`. Without it they end with 504 "
        "behind a gateway.",
        local="file:{state}/tasks.db",
    )
    long_query_after_seconds: float = setting(
        "LONG_QUERY_AFTER_SECONDS", parsers.positive(float), 0.5, "Long queries",
        "After how long a search without an answer also starts as a task.",
    )
    long_query_paths: tuple[str, ...] = setting(
        "LONG_QUERY_PATHS", parsers.names, LONG_QUERY_PATHS, "Long queries",
        "Parts of a path whose requests start as tasks at once, with commas between them.",
    )
    requests_per_user: int = setting(
        "REQUESTS_PER_USER", parsers.positive(int), 200, "Deployment",
        "How many requests of one user a process of `serve` answers at a time. More are refused with 429.",
    )
    connections_per_address: int = setting(
        "CONNECTIONS_PER_ADDRESS", parsers.positive(int), 1000, "Deployment",
        "How many connections from one address a process of `serve` takes at a time, or how many requests "
        "behind a trusted proxy. More are refused with 503.",
    )
    front_door: str | None = setting(
        "FRONT_DOOR", parsers.front_door, None, "Deployment",
        "Whose limits count: `rest`, `http`, `url`, `alb` or `local`; with a longer timeout, as in `rest:60`.",
        shown_default="detected",
    )
    streaming: bool = setting(
        "STREAMING", parsers.boolean, False, "Deployment",
        "`true`: a REST API streams its answers, without the limits of 6 MB and 29 seconds; docs/streaming.md.",
    )
    config: str | None = setting(
        "CONFIG", parsers.config, None, "Deployment",
        "More settings, which change without a new deployment: a JSON object at `s3://<bucket>/<key>` or in the "
        "parameter `ssm:/<name>`.",
    )
    metrics_token: tuple[str, ...] = setting(
        "METRICS_TOKEN", parsers.secrets, (), "Metrics",
        f"On a server of your own: the token that opens `/--access-es/metrics`, {parsers.MIN_SECRET_CHARACTERS} "
        "characters or more; several with commas between them. See docs/watching.md.",
        secret=True, shown_default="none",
    )
    metrics_addresses: tuple[IPv4Network | IPv6Network, ...] = setting(
        "METRICS_ADDRESSES", parsers.networks, (), "Metrics",
        "Addresses and networks that may open `/--access-es/metrics`, with commas between them, such as "
        "`127.0.0.1,10.0.0.0/8`. With METRICS_TOKEN, both are needed; without either, there is no such page.",
        shown_default="none",
    )
    metrics_namespace: str = setting(
        "METRICS_NAMESPACE", parsers.namespace, "", "Metrics",
        "On Lambda: the CloudWatch namespace of the metrics that the audit lines carry, such as `access-es/dev`. See "
        "docs/watching.md.",
        shown_default="none: the lines carry no metrics",
    )
    # fmt: on

    @property
    def connect_url(self) -> str:
        """What connections are opened to."""
        return f"{self.endpoint.scheme}://{self.connect_to or self.endpoint.host}"


TABLE: Mapping[str, Setting] = MappingProxyType({row.name: row.metadata["setting"] for row in fields(Settings)})
"""Each setting under the name of its field in `Settings`."""
NAMES: Mapping[str, Setting] = MappingProxyType({row.name: row for row in TABLE.values()})
