"""The names of spans, metrics and attributes: workbook, alerts and saved queries in Azure rely on them."""

from collections.abc import Mapping

APP_SERVICE = "batch-endpoints-app"
"""`service.name` of the Function App."""
NODE_SERVICE = "batch-endpoints-node"
"""`service.name` of scorer nodes."""

INVOKE = "invoke"
PLAN = "plan"
ALLOCATE = "allocate"
MERGE = "merge"
FINISH = "finish"
PREPARE = "prepare"
TASK = "task"
MINI_BATCH = "mini_batch"

JOB = "batch.job"
TASK_NUMBER = "batch.task"
NODE = "batch.node"
COMPUTE = "batch.compute"
PART = "batch.part"
ENDPOINT = "batch.endpoint"
DEPLOYMENT = "batch.deployment"

TASKS_WAITING = "batch.tasks.waiting"
TICKETS = "batch.tickets"
NODES = "batch.nodes"
TASKS_COMPLETED = "batch.tasks.completed"
ITEMS = "batch.items"
MINI_BATCH_DURATION = "batch.mini_batch.duration"
MERGE_DURATION = "batch.merge.duration"
JOBS_ENDED = "batch.jobs.ended"
JOB_DURATION = "batch.job.duration"
POISON_MESSAGES = "batch.poison_messages"
NODES_LOST = "batch.nodes.lost"

Ids = Mapping[str, str | int]
"""Attributes by their name."""
