"""Queries that outlast the front door: they become tasks, and the client is sent round until they are done."""

from access_es.tasks.zappa_tasks import TASK_PATH, is_task_event, task_id

__all__ = ["TASK_PATH", "is_task_event", "task_id"]
