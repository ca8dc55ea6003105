"""What a command has made so far, so that a failure in the middle leaves nothing half-made."""

from collections.abc import Callable
from types import TracebackType

from cli.output.errors import CliError


class UndoJournal:
    """Undoes, newest first, everything noted in it when its `with` block is left by an exception."""

    def __init__(self) -> None:
        """Empty."""
        self._steps: list[tuple[str, Callable[[], None]]] = []

    def made(self, what: str, undo: Callable[[], None]) -> None:
        """Note that `what` was made, and how it is taken back."""
        self._steps.append((what, undo))

    def __enter__(self) -> "UndoJournal":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            return
        left = self._undo_all()
        if left and isinstance(error, CliError):
            error.hint = f"{error.hint}. These could not be removed again: {', '.join(left)}".lstrip(". ")

    def _undo_all(self) -> list[str]:
        left = []
        for what, undo in reversed(self._steps):
            try:
                undo()
            except CliError:
                left.append(what)
        return left
