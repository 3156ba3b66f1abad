"""Everything a running app is made of, built once per process from the settings."""

from __future__ import annotations

import logging
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from access_es.audit import Measure, Write
from access_es.aws import AwsService, AwsSession, make_client, make_s3_client
from access_es.aws_credentials import BotoCredentials
from access_es.credentials import CredentialsSource
from access_es.delivery.overflow import Overflow
from access_es.delivery.s3_overflow import S3Overflow
from access_es.errors import SettingsError
from access_es.lazy_dataclass import dataclass
from access_es.live_permissions import LivePermissions, open_permissions
from access_es.messages import SignAs
from access_es.partitions import partition_of
from access_es.settings.names import Settings
from access_es.sign_in.build import Accounts, AccountSettings, build_accounts
from access_es.tasks.build import Tasks, build_tasks
from access_es.upstream.client import Domain
from access_es.upstream.headers import request_headers
from access_es.upstream.network import Network
from access_es.upstream.pool import Readiness
from access_es.upstream.probe import Probe
from access_es.upstream.signing import Signer
from access_es.user_limit import UserLimit
from access_es.users.passwords import Run, run_here

if TYPE_CHECKING:
    from access_es.assumed_roles import AssumedRoles
    from access_es.sign_in.oidc.single_sign_on import SignOnSettings

log = logging.getLogger("access_es.services")


@dataclass(frozen=True, slots=True)
class Services:
    """The app's collaborators. Safe to share between threads, never across a fork."""

    accounts: Accounts
    domain: Domain
    probe: Probe
    home_path: Callable[[], str]
    write_audit: Write
    tasks: Tasks
    permissions: LivePermissions
    overflow: Overflow | None = None  # None: an answer too large for its door is an error
    front_door: str | None = None  # None: each event shows it
    streaming: bool = False  # whether a door that streams is to be expected
    contact: str = ""  # whom people can ask
    cors_origins: tuple[str, ...] = ()  # whose scripts may use the API
    text_error_tokens: tuple[str, ...] = ()  # labels of tokens whose programs try again after a text alone
    user_limit: UserLimit | None = None
    measure: Measure | None = None  # counts each request, from its audit line
    run_judge: Run = run_here  # where a large body of a limited user is judged

    def prepare(self) -> None:
        """Make what the first request would wait for, without a call."""
        self.accounts.prepare()
        self.domain.prepare()

    def warm(self) -> bool:
        """Fetch what a first request waits for: credentials, and a connection to the domain. Whether it answers."""
        return self.probe.is_ready()


def build_services(
    settings: Settings,
    *,
    session: AwsSession | None = None,
    function_name: str | None = None,
    network: Network = Network(),  # noqa: B008  a frozen value
    permissions: LivePermissions | None = None,
    clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    run_hash: Run = run_here,
    run_judge: Run = run_here,
    measure: Measure | None = None,
    readiness: Readiness = lambda _: None,
) -> Services:
    """Real services for these settings. AWS clients are made, and AWS is called, only when first needed.

    `function_name` is the Lambda function that this runs in: long queries are then invocations of it, else threads.
    `network` is the way to the domain; `permissions` those that change while it runs, else they are those of the
    settings; `clock` gives the time for signatures, `run_hash` is where a password is hashed, `run_judge` where a large
    body is judged; `measure` counts the requests, and `readiness` waits for the domain's sockets, where an event loop
    does that.
    """
    session = session or AwsSession(region=settings.region)
    signer = Signer(settings.region, settings.service) if settings.sign else None
    domain = Domain(
        settings.endpoint,
        signer,
        BotoCredentials(settings.region, settings.role_arn, session=session) if signer else None,
        connect_seconds=settings.connect_seconds,
        read_seconds=settings.read_seconds,
        network=network,
        connect_to=settings.connect_to,
        clock=clock,
        assume=_assuming(settings, session) if signer else None,
        readiness=readiness,
    )
    probe = Probe(domain, settings.service)
    home = settings.home_path
    home_path = (lambda: home) if home else probe.home_path
    accounts = build_accounts_for(settings, home_path, session=session, run_hash=run_hash)
    return Services(
        accounts,
        domain,
        probe,
        home_path,
        _line_writer(),
        build_tasks(settings, domain.send, session, function_name, request_headers),
        permissions or open_permissions(settings),
        _open_overflow(settings, session),
        settings.front_door,
        settings.streaming,
        settings.contact,
        settings.cors_origins,
        settings.text_error_tokens,
        None if function_name else UserLimit(settings.requests_per_user),
        measure or _embedded_metrics(settings, function_name),
        run_judge,
    )


def _embedded_metrics(settings: Settings, function_name: str | None) -> Measure | None:
    if not (settings.metrics_namespace and function_name):
        return None
    from access_es.embedded_metrics import embed_metrics  # where it is set

    return embed_metrics(settings.metrics_namespace)


def _assuming(settings: Settings, session: AwsSession) -> Callable[[SignAs], CredentialsSource]:
    """The credentials of roles that are assumed for people; nothing is imported before a request names one."""

    @cache
    def roles() -> AssumedRoles:
        from access_es.assumed_roles import AssumedRoles

        return AssumedRoles(settings.region, settings.service, session, reads_only=settings.read_only_sessions)

    return lambda sign_as: roles().source(sign_as)


def build_accounts_for(
    settings: Settings,
    home_path: Callable[[], str] = lambda: "/",
    *,
    region: str | None = None,
    session: AwsSession | None = None,
    run_hash: Run = run_here,
) -> Accounts:
    """Only the accounts, for commands that need no domain. `region` is used where the settings have none."""
    dynamodb = AwsService(lambda: make_client("dynamodb", settings.region or region, session))
    accounts = build_accounts(
        AccountSettings(
            secrets=settings.session_secrets,
            users=settings.users,
            session_seconds=round(settings.session_hours * 3600),
            recheck_seconds=settings.session_recheck_seconds,
            home_path=home_path,
            single_sign_on=_single_sign_on(settings),
            machines=settings.oidc_machines,
            form_origins=_overflow_origins(settings),
        ),
        call_dynamodb=dynamodb.call,
        run_hash=run_hash,
    )
    return replace(accounts, prepare=dynamodb.prepare) if settings.users.startswith("dynamodb:") else accounts


def _single_sign_on(settings: Settings) -> SignOnSettings | None:
    """Raises SettingsError where machines have roles that no setting gives a meaning."""
    if settings.permissions is None and any(rule.roles is not None for rule in settings.oidc_machines):
        fault = "without PERMISSIONS everybody may do everything, so 'roles' would limit nothing; set PERMISSIONS"
        raise SettingsError([f"OIDC_MACHINES: {fault}."])
    if not settings.oidc_issuer:
        return None
    from access_es.sign_in.oidc.single_sign_on import SignOnSettings  # where it is set

    return SignOnSettings(
        settings.oidc_issuer,
        settings.oidc_client_id,
        settings.oidc_client_secret,
        settings.oidc_allow,
        settings.oidc_scopes,
        settings.oidc_name_claim,
        settings.oidc_groups_claim,
        settings.oidc_label,
        settings.oidc_only,
        settings.oidc_token_days * 86_400,
        settings.oidc_renew_minutes * 60,
    )


def _open_overflow(settings: Settings, session: AwsSession) -> Overflow | None:
    if settings.overflow_bucket is None:
        if settings.front_door != "local":
            log.info("OVERFLOW_BUCKET is not set: answers that are too large for the gateway become errors.")
        return None
    region = settings.region
    return S3Overflow(lambda: make_s3_client(region, session), settings.overflow_bucket, settings.overflow_url_seconds)


def _overflow_origins(settings: Settings) -> tuple[str, ...]:
    """The origins that a sign-in form may be redirected to: that of the overflow bucket."""
    if settings.overflow_bucket is None:
        return ()
    suffix = partition_of(settings.region).suffix
    return (f"https://{settings.overflow_bucket}.s3.{settings.region}.{suffix}",)


def _line_writer() -> Write:
    """Writes whole lines to standard output, for all threads and processes."""
    lock = threading.Lock()

    def write(line: str) -> None:
        with lock:
            sys.stdout.write(line + "\n")
            sys.stdout.flush()

    return write
