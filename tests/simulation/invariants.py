"""What must be true of every world: at each moment, and in the end."""

import json
from typing import TYPE_CHECKING

from scorer_container.node.settings import DEFAULT_LEASE_SECONDS
from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.messages import JOB_NOTIFICATIONS, JOB_NUDGES, JOB_REQUESTS
from shared.contracts.names import ticket_queue
from shared.storage.ledger import TaskBlock
from tests.simulation.plan import COMPUTE, CONTAINER, Plan
from tests.simulation.storage.queues import Message

if TYPE_CHECKING:
    from tests.simulation.world import World

STANDING_QUEUES = {JOB_REQUESTS, JOB_NUDGES, JOB_NOTIFICATIONS, ticket_queue(COMPUTE)}


class Invariants:
    """Watches a world and notes what is wrong in it."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self.wrong: list[str] = []
        """Each begins with the name of the broken rule and a colon."""
        world.server.queues.on_receive = self._on_receive
        world.server.queues.on_delete = self._on_delete

    def note(self, rule: str, what: str) -> None:
        """Note that a rule is broken."""
        self.wrong.append(f"{rule}: {self._world.loop.time():.1f}: {what}")

    # At each moment

    def _on_receive(self, queue: str, message: Message, is_shown_again: bool) -> None:
        """A lease lapses only if something befell its holder."""
        world, holder = self._world, message.holder
        world.happened["message delivered twice"] += is_shown_again
        world.happened["message delivered again"] += message.dequeues > 0
        if holder is None or holder.is_dead or holder.name.startswith("app") or world.losses:
            return
        if holder.last_trouble < message.leased_at - DEFAULT_LEASE_SECONDS:
            self.note("lapse", f"{holder} was well and let its lease of {message.text} on {queue} lapse")

    def _on_delete(self, queue: str, message: Message) -> None:
        """A task is acknowledged only after everything of it was staged."""
        plan = self._world.plan_of_queue(queue)
        if plan is None:
            return
        task = json.loads(message.text)["task"]
        rows = self._staged(plan.place.file_path)
        staged = [block for block in map(TaskBlock.from_block_id, rows) if block and block.task == task]
        if not staged:
            self.note("early", f"task {task} of {plan.name} was acknowledged before its rows were staged")
        errors = self._staged(plan.place.errors_path)
        if any(block.failed and block.block_id not in errors for block in staged):
            self.note("early", f"rows of task {task} of {plan.name} were staged before its failed items")

    def _staged(self, path: str) -> set[str]:
        return self._world.server.blobs.staged_ever[CONTAINER, path]

    def on_heal(self, job: JobDocument) -> None:
        """Tasks are enqueued again only if something was lost: an orchestration may be lost before it has sent them."""
        if not self._world.losses and not self._world.happened["orchestration is lost"]:
            self.note("heal", f"tasks of {job.name} were missing although nothing was lost")

    # In the end

    def check_end(self) -> None:
        """Check all jobs, and that nothing is left."""
        for plan in self._world.plans.values():
            self._check_job(plan, self._world.job(plan.name))
        for what in self._left():
            self.note("left", what)

    def _check_job(self, plan: Plan, job: JobDocument) -> None:
        self._world.happened[f"job ends: {job.status}"] += 1
        if not job.status.is_terminal:
            return  # noted as `no end`
        if job.status not in plan.ends:
            wanted = " or ".join(sorted(plan.ends))
            self.note("status", f"{job.name} ({plan.kind}) is {job.status} instead of {wanted}: {job.failure}")
        content = self._content(job.output.file_path)
        if job.status is JobStatus.COMPLETED:
            self._check_output(plan, job, content)
        elif content is not None:
            self.note("output", f"{job.name} is {job.status} and has an output")

    def _check_output(self, plan: Plan, job: JobDocument, content: bytes | None) -> None:
        if content != plan.output:
            self.note("output", f"{job.name} differs: {content!r} instead of {plan.output!r}")
        listed = [json.loads(line) for line in (self._content(job.output.errors_path) or b"").splitlines()]
        names = sorted(line["file"] for line in listed)
        if names != sorted(plan.failed):
            self.note("errors", f"{job.name} lists {names} instead of {sorted(plan.failed)}")
        counted = (job.statistics.succeeded, job.statistics.failed)
        right = (len(plan.files) - len(plan.failed), len(plan.failed))
        if counted != right:
            self.note("count", f"{job.name} counts {counted} succeeded and failed instead of {right}")

    def _content(self, path: str) -> bytes | None:
        blob = self._world.server.blobs.content.get((CONTAINER, path))
        return blob.content if blob else None

    def _left(self) -> list[str]:
        world, left = self._world, list[str]()
        left += [f"queue {queue}" for queue in world.server.queues.content if queue not in STANDING_QUEUES]
        for queue in STANDING_QUEUES & world.server.queues.content.keys():
            left += [f"message {message.text} on {queue}" for message in world.server.queues.content[queue].values()]
        tables = world.server.tables.content
        # Storage may have forgotten that a row was removed. An insert may arrive after everything, or after the end of
        # its node. A node that leaves does not wait long for a removal. Nothing reads such rows: a purge removes those
        # of jobs, and the app those of nodes after ten minutes.
        if not world.losses["rows"] and not world.network.may_leave_rows:
            left += [f"progress row {key}" for key in tables.get("progress", {})]
            died = {life.actor.name.partition("/")[0] for life in world.machines.all_lives if life.actor.is_dead}
            left += [f"node row {key}" for _, key in tables.get("nodes", {}) if key not in died]
        left += [f"process of {actor}" for actor in world.processes.values() if not actor.is_dead]
        left += [f"orchestration {name}" for name in world.hub.instances if world.hub.is_alive(name)]
        left += [f"{life.actor} still runs" for life in world.machines.all_lives if life.goes_on]
        for entity in tables.get("reservations", {}).values():
            name = json.loads(entity.properties["document0"])["job"]
            if world.job(name).status is JobStatus.COMPLETED:
                left.append(f"reservation of {name}")
        return left
