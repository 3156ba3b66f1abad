"""Builds the services of long queries from the settings, once per process."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from access_es.aws import AwsService, AwsSession, make_client, make_s3_client
from access_es.lazy_dataclass import dataclass
from access_es.messages import Headers
from access_es.settings.names import Settings
from access_es.tasks.blob_stores import S3BlobStore, TableBlobStore
from access_es.tasks.dynamodb_store import DynamoStore, DynamoTable
from access_es.tasks.long_queries import LongQueries
from access_es.tasks.rules import Rules
from access_es.tasks.runner import Runner, Send
from access_es.tasks.service import Starter, TaskService
from access_es.tasks.store import LIFETIME_SECONDS, Store
from access_es.tasks.stored_body import BlobStore
from access_es.tasks.threads import ThreadStarter
from access_es.tasks.tickets import Tickets
from access_es.tasks.zappa_tasks import ZappaStarter

_FILE = "file:"
log = logging.getLogger("access_es.services")


@dataclass(frozen=True, slots=True)
class Tasks:
    """Sends requests, keeps track of tasks, and runs them. The latter two are None without a store."""

    long_queries: LongQueries
    service: TaskService | None = None
    runner: Runner | None = None


def build_tasks(
    settings: Settings,
    send: Send,
    session: AwsSession,
    function_name: str | None,
    request_headers: Callable[[Headers], list[tuple[str, str]]],
) -> Tasks:
    """`function_name`: the Lambda function whose invocations tasks are; None: they are threads."""
    rules = Rules(settings.long_query_paths)
    opened = _open_store(settings, session)
    if opened is None:
        if settings.front_door != "local":
            log.info("TASKS_TABLE is not set: queries that take longer than the gateway waits end with status 504.")
        return Tasks(LongQueries(send, None, rules, settings.long_query_after_seconds))
    store, blobs = opened
    runner = Runner(send, store, blobs)
    starter: Starter = (
        ZappaStarter(function_name, lambda: make_client("lambda", session=session))
        if function_name
        else ThreadStarter(runner.run)
    )
    service = TaskService(store, blobs, starter, Tickets(settings.session_secrets), request_headers)
    return Tasks(LongQueries(send, service, rules, settings.long_query_after_seconds), service, runner)


def _open_store(settings: Settings, session: AwsSession) -> tuple[Store, BlobStore] | None:
    if settings.tasks_table is None:
        return None
    if settings.tasks_table.startswith(_FILE):
        from access_es.tasks.sqlite_store import SqliteBlobStore, SqliteStore, TaskFile  # never needed in Lambda

        file = TaskFile(Path(settings.tasks_table.removeprefix(_FILE)))
        return SqliteStore(file), SqliteBlobStore(file, LIFETIME_SECONDS)
    region = settings.region
    table = DynamoTable(settings.tasks_table, AwsService(lambda: make_client("dynamodb", region, session)).call)
    if settings.overflow_bucket is None:
        return DynamoStore(table), TableBlobStore(table, LIFETIME_SECONDS)
    return DynamoStore(table), S3BlobStore(
        settings.overflow_bucket, AwsService(lambda: make_s3_client(region, session)).call
    )
