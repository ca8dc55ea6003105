"""Follows a job: header, new log lines, progress, summary."""

import time
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TextIO

import click
import urllib3

from cli.api.workspace import Workspace
from cli.connection.pool import PARALLEL_REQUESTS, reason
from cli.output.errors import ServiceError, UnreachableError, UnsuccessfulJobError
from cli.output.progress import Progress
from cli.watching.job_state import SUCCESS, JobState

FIRST_POLL_SECONDS = 0.3
POLL_GROWTH = 1.3
LONGEST_POLL_SECONDS = 2.0
LONGEST_OUTAGE_SECONDS = 60.0
EXECUTION_LOG = "logs/azureml/executionlogs.txt"
"""A log made for the official client. It repeats what the progress shows."""
SYSTEM_LOGS = "logs/sys/"
"""Logs of the service, shown after those of the user's code."""
_NOTHING_NEW = 416
"""Range Not Satisfiable: nothing was written after the last position."""


@dataclass
class _Position:
    offset: int = 0
    rest: bytes = b""
    """The beginning of a line whose end has not been written yet."""


@dataclass
class LogReader:
    """Reads logs and remembers its position in each. Different logs may be read at the same time."""

    pool: urllib3.PoolManager
    _positions: dict[str, _Position] = field(default_factory=dict)

    def new_lines(self, name: str, url: str, *, last: bool = False) -> list[str]:
        """Return the lines written to a log since the last call; with `last`, also an unfinished line."""
        position = self._positions.setdefault(name, _Position())
        fresh = self._fetch(url, position.offset)
        position.offset += len(fresh)
        *lines, position.rest = (position.rest + fresh).split(b"\n")
        if last and position.rest:
            lines.append(position.rest)
            position.rest = b""
        return [line.rstrip(b"\r").decode(errors="replace") for line in lines]

    def _fetch(self, url: str, offset: int) -> bytes:
        try:
            answer = self.pool.request("GET", url, headers={"Range": f"bytes={offset}-"}, retries=3)
        except urllib3.exceptions.HTTPError as error:
            raise UnreachableError(f"no answer from blob storage for a log ({reason(error)})") from None
        if answer.status == _NOTHING_NEW or answer.status >= 400:
            return b""
        return answer.data if answer.status == 206 else answer.data[offset:]


@dataclass
class JobStream:
    """Follows one job until it ends."""

    workspace: Workspace
    name: str
    out: TextIO
    with_logs: bool = True
    _reader: LogReader = field(init=False)
    _progress: Progress = field(init=False)
    _shown_log: str = ""
    _begun_logs: set[str] = field(default_factory=set)
    _warnings: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._reader = LogReader(self.workspace.transport.pool)
        self._progress = Progress("Queued", 0)

    def follow(self) -> JobState:
        """Print everything until the job has ended; raise UnsuccessfulJobError unless it completed."""
        job = self._look()
        self._print(f"RunId: {job.name}", f"Web View: {job.web_view}")
        pause = FIRST_POLL_SECONDS
        while not job.is_terminal:
            self._show(job)
            time.sleep(pause)
            pause = min(pause * POLL_GROWTH, LONGEST_POLL_SECONDS)
            job = self._look()
        self._show(job)
        self._progress.finish()
        self._print("", "Execution Summary", "=================", *summary(job))
        if job.status != SUCCESS:
            raise failure(job)
        return job

    def _look(self) -> JobState:
        """Return the current state of the job. Retry for a minute while the service restarts."""
        deadline = time.monotonic() + LONGEST_OUTAGE_SECONDS
        while True:
            try:
                return JobState(self.workspace.get(f"jobs/{self.name}"))
            except (UnreachableError, ServiceError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(LONGEST_POLL_SECONDS)

    def _show(self, job: JobState) -> None:
        if self._warnings != job.warnings:
            self._warnings = job.warnings
            self._print(*self._warnings)
        if self.with_logs:
            # While the service restarts, logs may be missing; the next call returns the missed lines.
            with suppress(UnreachableError, ServiceError):
                self._show_logs(last=job.is_terminal)
        if job.status == "Running" != self._progress.label:
            self._progress.restart_clock()
        self._progress.label = job.status
        if job.files:
            self._progress.total = job.files
            self._progress.reached(job.files_done)

    def _show_logs(self, *, last: bool) -> None:
        files = self.workspace.run_details(self.name).get("logFiles") or {}
        names = sorted(files.keys() - {EXECUTION_LOG}, key=lambda log: (log.startswith(SYSTEM_LOGS), log))
        with ThreadPoolExecutor(PARALLEL_REQUESTS) as pool:
            news = pool.map(lambda log: self._reader.new_lines(log, files[log], last=last), names)
            for log, lines in zip(names, news, strict=True):
                self._show_log(log, lines)

    def _show_log(self, log: str, lines: Iterable[str]) -> None:
        for line in lines:
            if self._shown_log != log:
                self._print(*self._title(log))
                self._shown_log = log
            self._print(line)

    def _title(self, log: str) -> list[str]:
        """Return the title of a log. A log that continues after another one gets the short title of `tail -f`."""
        if log in self._begun_logs:
            return ["", f"==> {log} <=="]
        self._begun_logs.add(log)
        title = f"Streaming {log}"
        return ["", title, "=" * len(title), ""]

    def _print(self, *lines: str) -> None:
        self._progress.interrupt()
        for line in lines:
            click.echo(line, file=self.out)


def failure(job: JobState) -> UnsuccessfulJobError:
    """Return the error for a job that did not complete."""
    reason = job.error or ("it was canceled" if job.status == "Canceled" else "the service does not say why")
    return UnsuccessfulJobError(
        f"job {job.name} ended as {job.status}: {reason}",
        hint=f"See its logs with `bml job download --name {job.name}`",
    )


def counted(count: int, one: str, many: str) -> str:
    """Return `1 mini-batch` or `1,200 mini-batches`."""
    return f"{count:,} {one if count == 1 else many}"


def summary(job: JobState) -> list[str]:
    """Return the lines that summarize the job."""
    numbers = job.statistics
    lines = [f"RunId: {job.name}", f"Status: {job.status}"]
    if job.files:
        lines.append(
            f"Files: {job.files:,} ({numbers.get('succeeded', 0):,} succeeded, {numbers.get('failed', 0):,} failed) "
            f"in {counted(int(numbers.get('mini_batches') or 0), 'mini-batch', 'mini-batches')}"
        )
        lines.append(f"Rows: {numbers.get('rows', 0):,}")
    phases = {state: seconds for state, seconds in (numbers.get("seconds") or {}).items() if seconds}
    if phases:
        parts = ", ".join(f"{state} {seconds:.1f}" for state, seconds in phases.items())
        lines.append(f"Seconds: {sum(phases.values()):.1f} ({parts})")
    if job.status == SUCCESS:
        lines.append(f"Output: {job.output_uri}")
    return lines
