"""Everything that makes a command end with another exit code than 0.

    CliError                    1  anything else
    ├── UsageError              2  the command line is wrong
    ├── NotFoundError           3  a resource, file or folder is not there
    ├── ConflictError           4  it exists already, or its state forbids this
    ├── AuthenticationError     5  no token, or one that the service refuses
    ├── InvalidInputError       6  a YAML file, a folder or a value is not valid
    ├── UnsuccessfulJobError    7  the job failed or was canceled
    ├── UnreachableError        8  no service answered at the address
    ├── ServiceError            9  the service answered with an error of its own
    └── StoppedError          130  Ctrl-C

A message is one line: what happened and why; `mend` says how to go on. docs/cli.md lists the codes.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import ClassVar


class CliError(Exception):
    """The command could not be carried out."""

    exit_code: ClassVar[int] = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        """`mend` is what the user can do about it, as an imperative sentence."""
        super().__init__(message)
        self.message = message
        self.hint = hint

    def as_line(self) -> str:
        """The one line for stderr."""
        return " ".join(sentence(part) for part in (self.message, self.hint) if part)


def sentence(text: str) -> str:
    """`text` in one line, with the stop that it needs."""
    line = " ".join(text.split()).rstrip(".")
    return line if line.endswith("?") else f"{line}."


class UsageError(CliError):
    """The command line is wrong."""

    exit_code = 2


class NotFoundError(CliError):
    """A resource, file or folder is not there."""

    exit_code = 3


class ConflictError(CliError):
    """It exists already, or its state forbids this."""

    exit_code = 4


class AuthenticationError(CliError):
    """No token, or one that the service refuses."""

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
    """The service answered with an error of its own."""

    exit_code = 9


class StoppedError(CliError):
    """Ctrl-C; the message says what goes on without the command."""

    exit_code = 130
    """As shells count it: 128 + SIGINT."""


MOST = 3
_LIKENESS = 0.7
_TELLING = 3
"""Letters from which on a part of a name tells which is meant."""


def did_you_mean(name: str, names: Iterable[str]) -> list[str]:
    """One sentence with the names that are like `name`, or none."""
    by_small, small = {known.lower(): known for known in names}, name.lower()
    longer = [known for known in by_small if len(small) >= _TELLING and small in known]
    near = list(dict.fromkeys([*get_close_matches(small, by_small, MOST, _LIKENESS), *longer]))[:MOST]
    return [f"Did you mean {' or '.join(repr(by_small[known]) for known in near)}?"] if near else []
