"""What the world decides about its nodes' preparation and scoring processes."""

import asyncio
import itertools
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scorer_container.node.jobs.preparation import PreparedJob
from scorer_container.node.processes.process import ProcessCommand
from scorer_container.node.reporting.failure import fatal
from shared.contracts.job_spec import JobSpec
from shared.storage.ledger import TaskBlock
from tests.simulation.bounds import CALM_AT
from tests.simulation.loop import ACTOR, Actor
from tests.simulation.node.process import LONGEST_INIT, ScriptedProcess
from tests.simulation.plan import CONTAINER, TRIES, Kind, Plan

if TYPE_CHECKING:
    from tests.simulation.world import World

_OFTEN = 0.05
_KINDS = ("crash", "hang", "nonsense", "slow")
_LONGEST_SHUTDOWN = 40.0


class WorldScript:
    """Decides for one world."""

    def __init__(self, world: "World") -> None:
        self._world = world
        self._pids = itertools.count(100)
        self._mishaps: Counter[tuple[str, str]] = Counter()

    async def prepare(self, spec: JobSpec, sources: Any, settings: Any, warm: Any, log: Any) -> PreparedJob:
        """Stand for the preparation of a job on a node."""
        name = ACTOR.get().name
        seconds = self._world.choices.draw(f"{name} prepares", 0.5, lambda dice: round(dice.random() ** 3 * 8, 2))
        await asyncio.sleep(seconds)
        plan = self._world.plans[spec.job_name]
        if plan.kind is Kind.UNPREPARED:
            raise fatal("environment", "the environment cannot be built")
        kind = "script" if plan.shape.is_script else "mlflow"
        setup = {"kind": kind, "has_shutdown": plan.shape.has_shutdown, "job": plan.name}
        if kind == "mlflow":
            setup["job"] = ""  # a warm process serves any job of the model
        return PreparedJob(Path("/python"), Path("/model"), setup)

    def start_process(self, actor: Actor, command: ProcessCommand) -> ScriptedProcess:
        """Start a scoring process on a node."""
        return ScriptedProcess(self, command, next(self._pids))

    # What a scripted process asks

    def begins(self, process: ScriptedProcess) -> None:
        self._world.processes[process] = ACTOR.get()

    def ends(self, process: ScriptedProcess) -> None:
        self._world.processes.pop(process, None)

    def plan_of(self, command: dict[str, Any]) -> Plan:
        # A warm process serves other jobs than the one that started it.
        return next(plan for plan in self._world.plans.values() if self._is_of(plan, command))

    def init_of(self, process: ScriptedProcess) -> tuple[float, bool]:
        name = self._world.processes[process].name
        seconds = self._world.choices.draw(
            f"{name} init", 0.3, lambda dice: round(dice.random() ** 3 * LONGEST_INIT, 2)
        )
        plan = self._world.plans[process.command.environment["AZUREML_ROOT_RUN_ID"]]
        return seconds, plan.fatal_after is None or plan.calls <= plan.fatal_after

    def shutdown_of(self, process: ScriptedProcess) -> float | None:
        if not process.command.setup["has_shutdown"]:
            return None
        name = self._world.processes[process].name if process in self._world.processes else "process"
        draw = self._world.choices.draw
        return draw(f"{name} shutdown", 0.5, lambda dice: round(dice.random() ** 4 * _LONGEST_SHUTDOWN, 2))

    def mishap(self, process: ScriptedProcess, plan: Plan, command: dict[str, Any]) -> str:
        """Let something befall at most two of the three tries of a mini-batch, so that every delivery succeeds.

        Once a task has a good block, another delivery of it may fail altogether: the merge must know which is better.
        """
        name = self._world.processes[process].name
        batch = command["mini_batch"]
        place = f"{plan.name}/{batch}"
        key = (f"{name} {process.command.working_folder.name}", str(Path(command["files"][0]).parent))
        is_finished = self._has_good_block(plan, batch)
        if self._mishaps[key] >= TRIES - 1 and not (is_finished and not plan.bad.intersection(command["names"])):
            return ""
        often, kinds = (1.0, _KINDS[:3]) if is_finished else (_OFTEN, _KINDS)
        kind = self._world.choices.draw(
            f"run {place}",
            "",
            lambda dice: dice.choice(kinds) if dice.random() < often and self._world.loop.time() < CALM_AT else "",
        )
        if kind:
            self._world.happened[f"process: {kind}"] += 1
            self._mishaps[key] += kind != "slow"
        return kind

    def _has_good_block(self, plan: Plan, batch: int) -> bool:
        job = self._world.job(plan.name)
        if self._world.losses or job.work is None:
            return False
        task = batch // job.work.mini_batches_per_task
        names = plan.files[slice(*_files_of(task, plan, job.work.mini_batches_per_task))]
        staged = self._world.server.blobs.content[CONTAINER, job.output.file_path].staged
        blocks = (block for block in map(TaskBlock.from_block_id, staged) if block)
        return any(block.task == task and block.failed == len(plan.failed.intersection(names)) for block in blocks)

    def _is_of(self, plan: Plan, command: dict[str, Any]) -> bool:
        job = self._world.find_job(plan.name)
        return job is not None and command["job"].startswith(job.job_id)


def _files_of(task: int, plan: Plan, width: int) -> tuple[int, int]:
    size = plan.shape.mini_batch_size * width
    return task * size, (task + 1) * size
