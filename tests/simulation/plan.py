"""A job of a world: what it consists of, and what becomes of it if nothing disturbs it."""

import json
import random
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cached_property

from shared.contracts.job import JobDocument, JobStatus
from shared.contracts.job_spec import CodeSpec, Location, ModelSpec, OutputSpec
from shared.contracts.names import job_id
from shared.contracts.settings import ScoringSettings
from shared.storage.output_ledger import header_line
from tests.simulation.storage.rest import URLS

COMPUTE = "cpu"
CONTAINER = "data"
COLUMNS = ["file", "score"]
RUN_TIMEOUT = 5.0
INIT_TIMEOUT = 10.0
TRIES = 3


class Kind(StrEnum):
    """How a job ends by its own fault."""

    GOOD = "good"
    CANCEL = "canceled by its user"
    FATAL = "init fails from some call on"
    UNPREPARED = "cannot be prepared"
    TOO_MANY = "too many items fail"
    EMPTY = "its input is gone"


_KINDS = (
    *[Kind.GOOD] * 7,
    Kind.CANCEL,
    Kind.CANCEL,
    *[Kind.FATAL] * 4,
    Kind.TOO_MANY,
    Kind.UNPREPARED,
    Kind.EMPTY,
)


@dataclass
class Shape:
    """What a job is made of, as plain values for a recording."""

    kind: str = Kind.GOOD
    files: int = 3
    bad: int = 0
    mini_batch_size: int = 1
    instances: int = 1
    workers: int = 2
    seconds: float = 0.1
    """Seconds of one call of `run()`."""
    is_script: bool = False
    has_shutdown: bool = False
    file_name: str = "predictions.csv"
    ignores_errors: bool = False

    @classmethod
    def drawn(cls, dice: random.Random) -> "Shape":
        """Draw a job."""
        kind = dice.choice(_KINDS)
        is_script = dice.random() < 0.4
        return cls(
            kind=kind,
            files=dice.randint(1, 16),
            bad=dice.choice((0, 1, 1, 2)) if kind is not Kind.TOO_MANY else dice.randint(1, 2),
            mini_batch_size=dice.randint(1, 3),
            instances=1 if kind is Kind.FATAL else dice.randint(1, 3),  # no other node shall tell of its failure
            workers=dice.choice((1, 1, 2, 3)),
            seconds=dice.choice((0.05, 0.5, 1.0, 2.0, 4.0)),
            is_script=is_script,
            has_shutdown=is_script and dice.random() < 0.5,
            file_name=dice.choice(("predictions.csv", "rows.csv", "rows.jsonl")),
            ignores_errors=kind is Kind.FATAL or dice.random() < 0.2,
        )


@dataclass
class Plan:
    """A job, and its right end."""

    name: str
    shape: Shape
    calls: int = 0
    """Calls of `run()` so far, on whatever node."""
    content: dict[str, bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        files = [f"f{number:02}" for number in range(self.shape.files)]
        self.content = {name: f"{self.name}/{name}".encode() for name in files}
        step = max(1, len(files) // max(self.shape.bad, 1))
        self.bad = set(files[::step][: self.shape.bad])

    @property
    def kind(self) -> Kind:
        return Kind(self.shape.kind)

    @property
    def files(self) -> list[str]:
        return list(self.content)

    @property
    def fatal_after(self) -> int | None:
        """From this call of `run()` on, processes die and `init()` fails."""
        return -(-self.shape.files // self.shape.mini_batch_size) // 2 if self.kind is Kind.FATAL else None

    @property
    def failed(self) -> set[str]:
        """The files that fail. A script's mini-batch fails as a whole."""
        if not self.shape.is_script:
            return self.bad
        size, files = self.shape.mini_batch_size, self.files
        batches = [files[start : start + size] for start in range(0, len(files), size)]
        return {name for batch in batches for name in batch if self.bad.intersection(batch)}

    @property
    def threshold(self) -> int:
        if self.kind is Kind.TOO_MANY:
            return len(self.failed) - 1
        return -1 if self.shape.ignores_errors else len(self.failed)

    @property
    def end(self) -> JobStatus:
        """How the job ends unless it is canceled."""
        is_broken = self.kind in (Kind.FATAL, Kind.UNPREPARED, Kind.TOO_MANY, Kind.EMPTY)
        return JobStatus.FAILED if is_broken or len(self.failed) == len(self.files) else JobStatus.COMPLETED

    @property
    def ends(self) -> set[JobStatus]:
        """The ends that are right."""
        return {self.end} | ({JobStatus.CANCELED} if self.kind is Kind.CANCEL else set())

    @cached_property
    def place(self) -> OutputSpec:
        """Where the output goes."""
        return OutputSpec(folder=_folder(f"out/{self.name}"), file_name=self.shape.file_name)

    @property
    def output(self) -> bytes:
        """The output file of a completed job."""
        header = header_line(COLUMNS) if self.shape.file_name.endswith(".csv") else b""
        return header + b"".join(
            self.rows_of(name, self.content[name]) for name in self.files if name not in self.failed
        )

    def rows_of(self, name: str, content: bytes) -> bytes:
        """Return the rows of a file with this content: one or two."""
        scores = [sum(content) % 97 + row for row in range(1 + sum(content) % 2)]
        if self.shape.file_name.endswith(".csv"):
            return b"".join(f"{name},{score}\n".encode() for score in scores)
        return b"".join(json.dumps({"file": name, "score": score}).encode() + b"\n" for score in scores)

    def document(self, created: datetime) -> JobDocument:
        """Return the job as it is stored when it is invoked."""
        shape = self.shape
        return JobDocument(
            name=self.name,
            job_id=job_id(self.name),
            endpoint="endpoint",
            deployment="blue",
            compute=COMPUTE,
            created=created,
            model=ModelSpec(name="model", version="1", is_mlflow=not shape.is_script, location=_folder("model")),
            code=CodeSpec(location=_folder("code"), scoring_script="score.py") if shape.is_script else None,
            settings=ScoringSettings(
                mini_batch_size=shape.mini_batch_size,
                instance_count=shape.instances,
                max_concurrency_per_instance=shape.workers,
                error_threshold=self.threshold,
                max_retries=TRIES,
                timeout_seconds=RUN_TIMEOUT,
                init_timeout_seconds=INIT_TIMEOUT,
            ),
            input=_folder(f"in/{self.name}"),
            output=self.place,
        )


def _folder(path: str) -> Location:
    return Location(kind="blob_folder", account_url=URLS["blob"], container=CONTAINER, path=path)
