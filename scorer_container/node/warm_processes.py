"""Scoring processes that outlive their job: the next job of the same model need not load it again."""

import json
import threading
from typing import Any

from scorer_container.node.scoring_process import ProcessCommand, ScoringProcess
from scorer_container.node.workbench import Workbench


class WarmProcesses:
    """Idle processes by number, of one deployment at a time.

    Only processes of MLflow models without a script stay: a script's `init()` and `shutdown()` belong to one job.
    """

    def __init__(self) -> None:
        self._key: str = ""
        self._idle: dict[int, ScoringProcess] = {}
        self._bench: Workbench | None = None
        self._lock = threading.Lock()

    def need(self, bench: Workbench) -> None:
        """Protect a job's cache folders also after the job, and release those of the job before.

        Raise StoppedError if the job was abandoned meanwhile: another job may have begun since.
        """
        with self._lock:
            bench.check()
            before, self._bench = self._bench, bench
        if before is not None:
            before.end()

    def take(self, number: int, command: ProcessCommand) -> ScoringProcess | None:
        """Return an idle process that was started by the same command; kill the processes of another deployment."""
        with self._lock:
            unlike = self._key != _key(command)
            ended = list(self._idle.values()) if unlike else []
            if unlike:
                self._idle.clear()
            process = self._idle.pop(number, None)
            if process is not None and not process.is_running:
                ended.append(process)
                process = None
        _end(ended)
        return process

    def keep(self, number: int, command: ProcessCommand, process: ScoringProcess) -> None:
        """Keep an idle process for the next job."""
        process.stdout.target = process.stderr.target = None
        with self._lock:
            unlike = self._key != _key(command)
            others = list(self._idle.values()) if unlike else []
            if unlike:
                self._idle.clear()
            self._key = _key(command)
            self._idle[number] = process
        _end(others)

    def close(self) -> None:
        """Kill all of them."""
        with self._lock:
            others = list(self._idle.values())
            self._idle.clear()
        _end(others)
        if self._bench is not None:
            self._bench.end()


def _key(command: ProcessCommand) -> str:
    variables: dict[str, Any] = {
        name: value
        for name, value in command.environment.items()
        if name not in {"AZUREML_RUN_ID", "AZUREML_ROOT_RUN_ID", "CUDA_VISIBLE_DEVICES", "AZUREML_BI_OUTPUT_PATH"}
    }
    return json.dumps([str(command.interpreter), repr(command.launcher), command.setup, sorted(variables.items())])


def _end(processes: list[ScoringProcess]) -> None:
    for process in processes:
        process.kill()
        process.close()
