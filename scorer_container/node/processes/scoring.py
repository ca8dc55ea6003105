"""Scores one mini-batch on a scoring process: tries, timeouts, and the files that failed."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scorer_container.node.processes.answers import Answer, BadAnswerError, DeadlinePassedError, ProcessEndedError
from scorer_container.node.processes.process import Conversation
from scorer_container.node.processes.slot import ProcessSlot
from scorer_container.node.reporting.logs import JobLogs
from scorer_container.node.tasks.columns import ColumnsClaim
from scorer_container.node.tasks.mini_batches import LocalFile, MiniBatch
from scorer_container.node.tasks.results import ItemError, MiniBatchResult
from shared.contracts.job_spec import JobSpec
from shared.contracts.settings_table import OutputAction

_NAMED_FILES = 3


@dataclass(frozen=True)
class Problem:
    """Why one try failed."""

    error_type: str
    message: str
    traceback: str = ""

    @classmethod
    def from_answer(cls, header: dict[str, Any]) -> "Problem":
        """Make the problem from an exception of the user's code."""
        return cls(header["error_type"], header["message"], header["traceback"])


class MiniBatchScorer:
    """Scores mini-batches of a job on one slot. One activity uses it."""

    def __init__(
        self,
        slot: ProcessSlot,
        spec: JobSpec,
        columns: ColumnsClaim,
        logs: JobLogs,
    ) -> None:
        self._slot = slot
        self._spec = spec
        self._key = f"{spec.job_id} {uuid.uuid4().hex}"  # a warm process agrees on columns anew, also for the same job
        self._columns = columns
        self._logs = logs
        self._call = "run()" if spec.code else "the model's predict()"
        self._on_file: Callable[[], None] = lambda: None
        self._shown_traces: set[str] = set()
        self.busy_seconds = 0.0

    async def score(self, batch: MiniBatch, files: Sequence[LocalFile], on_file: Callable[[], None]) -> MiniBatchResult:
        """Score a mini-batch whose files were fetched; raise FatalProblemError.

        `on_file` is called for each file that an MLflow model has scored. A file that failed may succeed with another
        try, and the app fails a job with too many failures: they are known only at the end.
        """
        self._on_file = on_file
        self._shown_traces.clear()
        result = MiniBatchResult()
        for file in files:
            if file.problem is not None:
                message = f"the file could not be fetched: {' '.join(str(file.problem).split())}"
                result.errors.append(ItemError(batch.number, 0, type(file.problem).__name__, message, file.name))
        present = [file for file in files if file.problem is None]
        if present and self._spec.code is None:
            await self._score_each(batch, present, result)
        elif present:
            await self._score_together(batch, present, result)
        return result

    async def _score_together(self, batch: MiniBatch, files: Sequence[LocalFile], result: MiniBatchResult) -> None:
        """Score with a script: retry the mini-batch as a whole. A short result fails the rest without a retry."""
        problem = Problem("", "")
        for attempt in range(1, self._spec.settings.tries + 1):
            try:
                conversation = await self._converse(batch, files)
                header, payload = await conversation.next("result", "failed")
            except (DeadlinePassedError, ProcessEndedError) as error:
                problem = await self._process_lost(error)
            else:
                self._slot.in_conversation = False
                self.busy_seconds += header["seconds"]
                if header["type"] == "result":
                    self._take_result(batch, files, result, attempt, (header, payload))
                    return
                problem = Problem.from_answer(header)
            self._note(batch, attempt, [(file.name, problem) for file in files])
        result.errors += _errors(batch, [(file.name, problem) for file in files], self._spec.settings.tries)

    def _take_result(
        self, batch: MiniBatch, files: Sequence[LocalFile], result: MiniBatchResult, attempt: int, answer: Answer
    ) -> None:
        header, payload = answer
        result.rows = header["rows"]
        result.succeeded = min(header["succeeded"], len(files))
        result.payloads.append(payload)
        missing = len(files) - result.succeeded
        if missing:
            names = _first_of([file.name for file in files])
            problem = Problem(
                "ShortResult",
                f"run() returned {header['succeeded']} results for the {len(files)} files of mini-batch "
                f"{batch.number} ({names}): {missing} of them count as failed",
            )
            self._note(batch, attempt, [("", problem)])
            result.errors.append(ItemError(batch.number, attempt, problem.error_type, problem.message, items=missing))

    async def _score_each(self, batch: MiniBatch, files: Sequence[LocalFile], result: MiniBatchResult) -> None:
        """Score with an MLflow model: count each file by itself and retry only failed files."""
        answers: dict[int, Answer] = {}
        problems: dict[int, Problem] = {}
        pending = list(range(len(files)))
        for attempt in range(1, self._spec.settings.tries + 1):
            pending = await self._try_each(batch, files, pending, answers, problems)
            if not pending:
                break
            self._note(batch, attempt, [(files[index].name, problems[index]) for index in pending])
        for index in sorted(answers):
            header, payload = answers[index]
            result.rows += header["rows"]
            result.succeeded += 1
            result.payloads.append(payload)
        failed = [(files[index].name, problems[index]) for index in sorted(pending)]
        result.errors += _errors(batch, failed, self._spec.settings.tries)

    async def _try_each(
        self,
        batch: MiniBatch,
        files: Sequence[LocalFile],
        pending: list[int],
        answers: dict[int, Answer],
        problems: dict[int, Problem],
    ) -> list[int]:
        """Try the pending files once. Return those to retry; the file that took the process down comes last."""
        failed: list[int] = []
        try:
            conversation = await self._converse(batch, [files[index] for index in pending])
            for index in pending:
                header, payload = await conversation.next("file", "failed")
                self.busy_seconds += header["seconds"]
                if header["type"] == "file":
                    answers[index] = header, payload
                    self._on_file()
                else:
                    failed.append(index)
                    problems[index] = Problem.from_answer(header)
            await conversation.next("done")
        except (DeadlinePassedError, ProcessEndedError) as error:
            lost = await self._process_lost(error)
            reached = answers.keys() | set(failed)
            waiting = [index for index in pending if index not in reached]
            return self._after_loss(files, failed, waiting, lost, problems)
        self._slot.in_conversation = False
        return failed

    @staticmethod
    def _after_loss(
        files: Sequence[LocalFile],
        failed: list[int],
        waiting: list[int],
        lost: Problem,
        problems: dict[int, Problem],
    ) -> list[int]:
        if not waiting:  # lost after its last answer
            return failed
        suspect, others = waiting[0], waiting[1:]
        problems[suspect] = lost
        for index in others:
            message = f"not reached: {lost.message} while {files[suspect].name} was scored"
            problems.setdefault(index, Problem(lost.error_type, message))
        return [*others, *failed, suspect]

    async def _converse(self, batch: MiniBatch, files: Sequence[LocalFile]) -> Conversation:
        process = await self._slot.ready()
        settings = self._spec.settings
        command = {
            "type": "run",
            "job": self._key,
            "mini_batch": batch.number,
            "files": [file.path for file in files],
            "names": [file.name for file in files],
            "format": self._spec.output.format.value,
            "collect": settings.output_action is OutputAction.APPEND_ROW,
        }
        conversation = Conversation(process, settings.timeout_seconds, self._reply)
        self._slot.in_conversation = True
        await conversation.begin(command)
        return conversation

    async def _reply(self, question: dict[str, Any]) -> dict[str, Any]:
        return {"type": "columns", "agreed": await self._columns.agree(question["proposed"])}

    async def _process_lost(self, error: Exception) -> Problem:
        if isinstance(error, DeadlinePassedError):
            seconds = self._spec.settings.timeout_seconds
            self.busy_seconds += seconds
            problem = Problem("TimeoutError", f"{self._call} did not end within the timeout of {seconds:g} s")
        elif isinstance(error, BadAnswerError):
            problem = Problem("BadAnswerError", f"the scoring process {error}")
        else:
            problem = Problem(
                "ProcessEndedError", f"the scoring process {await self._slot.ending()} during {self._call}"
            )
        await self._slot.discard()
        return problem

    def _note(self, batch: MiniBatch, attempt: int, failed: Sequence[tuple[str, Problem]]) -> None:
        """Log a line for each problem with its files, and a traceback only if it is new."""
        tries = self._spec.settings.tries
        files: dict[Problem, list[str]] = {}
        for name, problem in failed:
            files.setdefault(problem, []).append(name)
        for problem, names_of_all in files.items():
            text = f"mini-batch {batch.number}, try {attempt} of {tries}: {problem.error_type}: {problem.message}"
            names = [name for name in names_of_all if name not in problem.message]
            text += f" ({_first_of(names)})" if names else ""
            self._logs.node.line(f"process {self._slot.number}: {text}")
            trace = "" if problem.traceback in self._shown_traces else problem.traceback
            self._logs.errors(self._slot.number).line(f"{text}\n{trace}".rstrip())
            self._shown_traces.add(problem.traceback)


def _first_of(names: Sequence[str]) -> str:
    return ", ".join(names[:_NAMED_FILES]) + (", …" if len(names) > _NAMED_FILES else "")


def _errors(batch: MiniBatch, failed: Sequence[tuple[str, Problem]], attempt: int) -> list[ItemError]:
    """Return an error for each failed file; a traceback that many share stands in the first one only."""
    shown: set[str] = set()
    errors: list[ItemError] = []
    for name, problem in failed:
        trace = "" if problem.traceback in shown else problem.traceback
        shown.add(problem.traceback)
        errors.append(ItemError(batch.number, attempt, problem.error_type, problem.message, name, traceback=trace))
    return errors
