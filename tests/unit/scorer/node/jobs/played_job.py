"""A job in a storage in memory, scored by processes that answer at once."""

import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from scorer_container.node.jobs.preparation import PreparedJob
from scorer_container.node.processes.answers import Answer, ProcessEndedError
from scorer_container.node.processes.process import ProcessCommand
from scorer_container.node.settings import NodeSettings
from shared.contracts.job_spec import JobSpec, WorkSize
from shared.contracts.messages import JOB_NUDGES, NodeTicket, TaskMessage
from shared.contracts.names import task_queue, ticket_queue
from shared.contracts.progress import JobFailure, NodeRow, ProgressRow
from shared.storage.blobs import spec_name
from shared.storage.ledger import TaskBlock
from shared.storage.manifest import shard_name
from tests.unit.scorer.node.processes.scripted_process import spec
from tests.unit.scorer.node.stored import Blob, MemoryAccount, MemoryQueue

JOB = "0123abcd-0000-0000-0000-000000000000"
LEASE = 30


class EchoProcess:
    """Answers each mini-batch with a row for each of its files, `seconds` later. It is the script's process."""

    pid = 4711

    def __init__(self, seconds: float, has_shutdown: bool) -> None:
        self.seconds = seconds
        self.has_shutdown = has_shutdown
        self.is_running = True
        self.is_unusable = False
        self.ended = ""
        self._commands: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._commands.put_nowait({"type": "init"})

    def redirect(self, _stdout: Any, _stderr: Any) -> None:
        pass

    async def send(self, header: dict[str, Any]) -> None:
        self._commands.put_nowait(header)

    async def receive(self, *kinds: str) -> Answer:
        command = await self._commands.get()
        if command["type"] == "init" and self.is_unusable:
            await asyncio.sleep(2)
            return {"type": "unusable", "step": "init", "error_type": "E", "message": "no run()", "traceback": ""}, b""
        if command["type"] == "init":
            return {"type": "ready", "has_shutdown": self.has_shutdown}, b""
        await asyncio.sleep(self.seconds)
        if not self.is_running:
            raise ProcessEndedError
        rows = "".join(f"{name}\n" for name in command["names"]).encode()
        count = len(command["names"])
        return {"type": "result", "seconds": self.seconds, "rows": count, "succeeded": count}, rows

    async def finish(self, _seconds: float) -> None:
        self.ended = "shut down"
        await asyncio.sleep(1)
        self.is_running = False

    def kill(self) -> None:
        self.ended = self.ended or "killed"
        self.is_running = False

    async def closed(self) -> None:
        self.kill()

    async def ending(self) -> str:
        return "was ended by SIGKILL"


class PlayedJob:
    """The app's part: storage, manifest, spec, tasks and a ticket; and what the node starts and prepares."""

    def __init__(self, folder: Path, tasks: int = 3, *, seconds: float = 0.5, has_shutdown: bool = False) -> None:
        account: Any = MemoryAccount()
        self.account = account
        self.settings = NodeSettings("cpu", "node-0", folder / "node", folder / "cache", lease_seconds=LEASE)
        self.names = [f"{number}.txt" for number in range(tasks)]
        made = spec(timeout=600).model_copy(
            update={"job_id": JOB, "work": WorkSize(files=tasks, mini_batch_size=1, mini_batches_per_task=1)}
        )
        output = made.output.model_copy(update={"file_name": "rows.jsonl"})
        settings = made.settings.model_copy(
            update={"max_concurrency_per_instance": 2, "output_file_name": "rows.jsonl"}
        )
        self.spec: JobSpec = made.model_copy(update={"output": output, "settings": settings})
        self.queue: MemoryQueue = account.queue(task_queue(JOB))
        self.tickets: MemoryQueue = account.queue(ticket_queue("cpu"))
        self.nudges: MemoryQueue = account.queue(JOB_NUDGES)
        self.processes: list[EchoProcess] = []
        self.prepared = 0
        self.problem_of_preparation: Exception | None = None
        self.preparation_seconds = 1.0
        self.has_new_in_cache = False
        self.is_second_unusable = False
        self._seconds, self._has_shutdown = seconds, has_shutdown
        self._write()

    def _write(self) -> None:
        lines = "".join(json.dumps(name) + "\n" for name in self.names)
        self.account.blobs.blobs[shard_name(JOB, 0)] = Blob(lines.encode(), "m")
        self.account.blobs.blobs[spec_name(JOB)] = Blob(self.spec.model_dump_json().encode(), "s")
        self.account.sources.files = dict.fromkeys(self.names, b"")
        for number in range(len(self.names)):
            self.queue.put(TaskMessage(task=number, first_mini_batch=number, mini_batches=1).to_text())

    def send_ticket(self, number: int = 0) -> None:
        self.tickets.put(NodeTicket(job_id=JOB, number=number).to_text())

    async def prepare(self, *_: object) -> PreparedJob:
        self.prepared += 1
        await asyncio.sleep(self.preparation_seconds)
        if self.problem_of_preparation:
            raise self.problem_of_preparation
        return PreparedJob(Path("/python"), Path("/model"), {"kind": "script"}, has_new=self.has_new_in_cache)

    async def start(self, _command: ProcessCommand) -> EchoProcess:
        self.processes.append(EchoProcess(self._seconds, self._has_shutdown))
        self.processes[-1].is_unusable = self.is_second_unusable and len(self.processes) > 1
        return self.processes[-1]

    @property
    def blocks(self) -> list[TaskBlock]:
        staged = self.account.blobs.staged.get(self.spec.output.file_path, {})
        return [block for block in map(TaskBlock.from_block_id, staged) if block]

    @property
    def finished(self) -> set[int]:
        return {block.task for block in self.blocks}

    @property
    def progress(self) -> dict[str, ProgressRow]:
        return {key: row.document for (_, key), row in self.account.rows("progress").rows.items()}

    @property
    def failures(self) -> list[JobFailure]:
        return [row.fatal for row in self.progress.values() if row.fatal]

    @property
    def node(self) -> NodeRow | None:
        row = self.account.rows("nodes").rows.get(("cpu", "node-0"))
        return row.document if row else None

    def node_log(self) -> str:
        name = f"{JOB}/logs/sys/node/node-0/node.txt"
        found = self.account.blobs.blobs.get(name)
        return found.content.decode() if found else ""

    def visible(self, queue: MemoryQueue) -> Sequence[str]:
        now = asyncio.get_running_loop().time()
        return [message.text for message in queue.messages if message.visible_at <= now]

    def end(self) -> None:
        """Delete the task queue, as the app does at a job's end."""
        self.queue.is_gone = True
        self.queue.messages.clear()
        self.account.rows("progress").rows.clear()
