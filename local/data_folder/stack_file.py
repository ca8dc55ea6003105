"""`stack.json`: the set-up of a stack and the processes that run for it. Standard library only."""

from dataclasses import MISSING, asdict, dataclass, fields
from pathlib import Path
from typing import Any

from local.data_folder.layout import DataFolder
from local.data_folder.setup import StackSetup
from local.errors import NoStackError, OtherVersionError, StackStateError
from local.private_files import read_json, write_private_json


@dataclass(frozen=True, slots=True)
class RecordedProcess:
    """A process that the supervisor recorded. It may have ended since."""

    role: str
    pid: int
    create_time: float
    """Seconds since the epoch. Distinguishes it from a later process with the same pid."""

    started_at: str
    """ISO 8601."""

    log: str


@dataclass(frozen=True, slots=True)
class StackFile:
    """The content of `stack.json`. Only the supervisor writes it."""

    setup: StackSetup
    supervisor: RecordedProcess | None = None
    processes: tuple[RecordedProcess, ...] = ()


def read_stack_file(folder: DataFolder) -> StackFile | None:
    """Return the stack of this data folder, or None if there never was one.

    Raises:
        StackStateError: the file is damaged.
        OtherVersionError: another version of `bml` made it.
    """
    document = read_json(folder.stack_file)
    if document is None:
        return None
    try:
        return _parse(folder.stack_file, document)
    except (KeyError, TypeError) as problem:
        raise StackStateError(folder.stack_file, f"{type(problem).__name__}: {problem}") from problem


def require_stack_file(folder: DataFolder) -> StackFile:
    """Do the same as `read_stack_file`, but raise NoStackError instead of returning None.

    Raises:
        NoStackError: there never was a stack in this data folder.
    """
    if (content := read_stack_file(folder)) is None:
        raise NoStackError(folder.root)
    return content


def write_stack_file(folder: DataFolder, content: StackFile) -> None:
    """Write `content`. Only its owner can read it, because it contains the scale set's key."""
    write_private_json(folder.stack_file, asdict(content))


def _parse(file: Path, document: dict[str, Any]) -> StackFile:
    supervisor = document["supervisor"]
    return StackFile(
        setup=_setup(file, document["setup"]),
        supervisor=RecordedProcess(**supervisor) if supervisor else None,
        processes=tuple(RecordedProcess(**process) for process in document["processes"]),
    )


def _setup(file: Path, document: dict[str, Any]) -> StackSetup:
    members = {member.name: member.default is MISSING for member in fields(StackSetup)}
    lacking = [name for name, is_required in members.items() if is_required and name not in document]
    unknown = [name for name in document if name not in members]
    if lacking or unknown:
        raise OtherVersionError(file, lacking, unknown)
    return StackSetup(**document)
