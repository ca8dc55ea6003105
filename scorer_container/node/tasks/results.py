"""The results of a task's files: rows and errors."""

import json
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, cast

from scorer_container.node.scope import in_thread
from shared.contracts.progress import LONGEST_MESSAGE, LONGEST_TRACEBACK, cut

_SPOOL_BYTES = 4 << 20
_LARGE_BYTES = 1 << 20
"""More than this is written in a thread, because it may have to wait for the disk."""


@dataclass(frozen=True)
class ItemError:
    """Why items of a mini-batch failed; one line of the errors file."""

    mini_batch: int
    attempt: int
    """Number of the mini-batch's last try."""
    error_type: str
    message: str
    file: str = ""
    """Path relative to the input; empty when it is not known which of the mini-batch's files failed."""
    items: int = 1
    """Failed items that this line stands for."""
    traceback: str = ""

    def to_line(self) -> bytes:
        """Return one JSON line."""
        fields = {
            "file": self.file or None,
            "mini_batch": self.mini_batch,
            "items": self.items,
            "attempt": self.attempt,
            "error_type": self.error_type,
            "message": cut(self.message, LONGEST_MESSAGE),
            "traceback": cut(self.traceback, LONGEST_TRACEBACK),
        }
        return json.dumps(fields, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


@dataclass
class MiniBatchResult:
    """The result of a mini-batch: each of its files succeeded or failed."""

    rows: int = 0
    succeeded: int = 0
    payloads: list[bytes] = field(default_factory=list)
    errors: list[ItemError] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """Number of failed items."""
        return sum(error.items for error in self.errors)


class TaskResult:
    """The rows and errors of a task so far, spooled to disk past a few MiB. One activity uses it at a time."""

    def __init__(self) -> None:
        self.rows = 0
        self.succeeded = 0
        self.failed = 0
        self._output = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115 (closed with the task)
        self._errors = tempfile.SpooledTemporaryFile(_SPOOL_BYTES)  # noqa: SIM115 (as above)

    async def add(self, result: MiniBatchResult) -> None:
        """Append the result of the next mini-batch; raise OSError."""
        self.rows += result.rows
        self.succeeded += result.succeeded
        self.failed += result.failed
        lines = [error.to_line() for error in result.errors]
        if sum(map(len, result.payloads)) + sum(map(len, lines)) > _LARGE_BYTES:
            await in_thread(self._write, result.payloads, lines)
        else:
            self._write(result.payloads, lines)

    def _write(self, payloads: Iterable[bytes], lines: Iterable[bytes]) -> None:
        self._output.writelines(payloads)
        self._errors.writelines(lines)

    @property
    def output(self) -> BinaryIO:
        """The rows."""
        return cast(BinaryIO, self._output)

    def lines(self) -> Iterator[bytes]:
        """Return the results one by one, for a format in which each is one line."""
        self._output.seek(0)
        return iter(self.output)

    @property
    def errors(self) -> BinaryIO:
        """The lines of the errors file."""
        return cast(BinaryIO, self._errors)

    def close(self) -> None:
        """Release memory and disk."""
        self._output.close()
        self._errors.close()
