"""What long queries are made of, built once per process from the settings."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

from access_es.aws import AwsService, AwsSession, make_client, make_s3_client
from access_es.settings import Settings
from access_es.tasks.desk import Desk, Starter
from access_es.tasks.dynamodb_store import DynamoStore, DynamoTable
from access_es.tasks.front import LongQueries
from access_es.tasks.kept import Shelf
from access_es.tasks.rules import Rules
from access_es.tasks.runner import Runner, Send
from access_es.tasks.shelves import S3Shelf, TableShelf
from access_es.tasks.store import LIFETIME_SECONDS, Store
from access_es.tasks.threads import ThreadStarter
from access_es.tasks.tickets import Tickets
from access_es.tasks.zappa_tasks import ZappaStarter
from access_es.upstream.headers import request_headers

_FILE = "file:"
log = logging.getLogger("access_es.services")


@dataclass(frozen=True, slots=True)
class Tasks:
    """Who asks the domain, who knows the tasks, and who carries them out. The latter two are None without a store."""

    front: LongQueries
    desk: Desk | None = None
    runner: Runner | None = None


def build_tasks(settings: Settings, send: Send, session: AwsSession, function_name: str | None) -> Tasks:
    """`function_name`: the Lambda function whose invocations tasks are; None: they are threads."""
    rules = Rules(settings.long_query_paths)
    kept = _open_store(settings, session)
    if kept is None:
        if settings.front_door != "local":
            log.info("TASKS_TABLE is not set: behind a gateway, queries longer than it waits end with 504.")
        return Tasks(LongQueries(send, None, rules, settings.long_query_after_seconds))
    store, shelf = kept
    runner = Runner(send, store, shelf)
    starter: Starter = (
        ZappaStarter(function_name, lambda: make_client("lambda", session=session))
        if function_name
        else ThreadStarter(runner.run)
    )
    desk = Desk(store, shelf, starter, Tickets(settings.session_secrets), request_headers)
    return Tasks(LongQueries(send, desk, rules, settings.long_query_after_seconds), desk, runner)


def _open_store(settings: Settings, session: AwsSession) -> tuple[Store, Shelf] | None:
    if settings.tasks_table is None:
        return None
    if settings.tasks_table.startswith(_FILE):
        from access_es.tasks.sqlite_store import SqliteShelf, SqliteStore, TaskFile  # never needed in Lambda

        file = TaskFile(Path(settings.tasks_table.removeprefix(_FILE)))
        return SqliteStore(file), SqliteShelf(file, LIFETIME_SECONDS)
    region = settings.region
    table = DynamoTable(settings.tasks_table, AwsService(lambda: make_client("dynamodb", region, session)).call)
    if settings.overflow_bucket is None:
        return DynamoStore(table), TableShelf(table, LIFETIME_SECONDS)
    return DynamoStore(table), S3Shelf(
        settings.overflow_bucket, AwsService(lambda: make_s3_client(region, session)).call
    )
