"""The record of the scale set, which survives a crash: wanted capacities, instances and their processes."""

from dataclasses import asdict, dataclass, field
from pathlib import Path

from local.errors import StackStateError
from local.private_files import read_json, write_private_json
from local.processes.process import ProcessIdentity

FILE_NAME = "scale_set.json"


@dataclass(frozen=True, slots=True)
class InstanceRecord:
    """One instance that is wanted, or that was told to end and may still run."""

    id: str
    wanted: bool
    process: ProcessIdentity | None
    """Its process at the time of the record."""


@dataclass(frozen=True, slots=True)
class ScaleSetRecord:
    """All instances of all computes."""

    computes: dict[str, tuple[InstanceRecord, ...]] = field(default_factory=dict)


def read_record(folder: Path) -> ScaleSetRecord:
    """Return the record in `folder`, or an empty one before the first start.

    Raises:
        StackStateError: the file is damaged.
    """
    document = read_json(folder / FILE_NAME)
    if document is None:
        return ScaleSetRecord()
    try:
        return ScaleSetRecord(
            {
                compute: tuple(_instance(instance) for instance in instances)
                for compute, instances in document["computes"].items()
            }
        )
    except (KeyError, TypeError, AttributeError) as problem:
        raise StackStateError(folder / FILE_NAME, f"{type(problem).__name__}: {problem}") from problem


def write_record(folder: Path, record: ScaleSetRecord) -> None:
    """Write `record` to `folder`, whole or not at all."""
    write_private_json(folder / FILE_NAME, asdict(record))


def _instance(document: dict[str, object]) -> InstanceRecord:
    process = document["process"]
    return InstanceRecord(
        id=str(document["id"]),
        wanted=bool(document["wanted"]),
        process=ProcessIdentity(**process) if isinstance(process, dict) else None,
    )
