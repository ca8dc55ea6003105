"""The errors that make a command exit with another code than 0.

    CliError                    1  anything else
    ├── UsageError              2  the command line is wrong
    ├── NotFoundError           3  a resource, file or folder does not exist
    ├── ConflictError           4  it already exists, or its state forbids the command
    ├── AuthenticationError     5  there is no token, or the service refuses it
    ├── InvalidInputError       6  a YAML file, a folder or a value is not valid
    ├── UnsuccessfulJobError    7  the job failed or was canceled
    ├── UnreachableError        8  no service answered at the address
    ├── ServiceError            9  the service failed
    └── StoppedError          130  Ctrl-C

A message is one line that says what happened and why. A hint says what to do next. docs/cli.md lists the codes.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class CliError(Exception):
    """The command failed."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        """Take a message and a hint. The hint is an imperative sentence that says what the user can do."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_line(self) -> str:
        """Return the one line for stderr."""
        return " ".join(sentence(part) for part in (self.message, self.hint) if part)


def sentence(text: str) -> str:
    """Return `text` on one line, ending with a full stop (or its question mark)."""
    line = " ".join(text.split()).rstrip(".")
    return line if line.endswith("?") else f"{line}."


class UsageError(CliError):
    """The command line is wrong."""

    exit_code = 2


class NotFoundError(CliError):
    """A resource, file or folder does not exist."""

    exit_code = 3


class ConflictError(CliError):
    """The resource already exists, or its state forbids the command."""

    exit_code = 4


class AuthenticationError(CliError):
    """There is no token, or the service refuses it."""

    exit_code = 5


class InvalidInputError(CliError):
    """A YAML file, a folder or a value is not valid."""

    exit_code = 6


class UnsuccessfulJobError(CliError):
    """The job failed or was canceled."""

    exit_code = 7


class UnreachableError(CliError):
    """No service answered at the address."""

    exit_code = 8


class ServiceError(CliError):
    """The service failed."""

    exit_code = 9


class StoppedError(CliError):
    """The user pressed Ctrl-C. The message says what continues without the command."""

    exit_code = 130
    """What shells report for SIGINT: 128 + 2."""


_MOST_SUGGESTIONS = 3
_LIKENESS = 0.7
_SHORTEST_PART = 3
"""A part of a name must have this many letters to suggest the whole name."""


def did_you_mean(name: str, names: Iterable[str]) -> list[str]:
    """Return one sentence that suggests the names similar to `name`, or an empty list."""
    by_small, small = {known.lower(): known for known in names}, name.lower()
    longer = [known for known in by_small if len(small) >= _SHORTEST_PART and small in known]
    near = list(dict.fromkeys([*get_close_matches(small, by_small, _MOST_SUGGESTIONS, _LIKENESS), *longer]))
    suggested = [repr(by_small[known]) for known in near[:_MOST_SUGGESTIONS]]
    return [f"Did you mean {' or '.join(suggested)}?"] if suggested else []
