"""Long queries: they run as tasks, and redirects make the client poll until they are done."""

from access_es.tasks.zappa_tasks import TASK_PATH, is_task_event, task_id

__all__ = ["TASK_PATH", "is_task_event", "task_id"]
