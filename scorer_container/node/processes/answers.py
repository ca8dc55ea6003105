"""What a scoring process may answer. Nothing is trusted: the script can write to the pipe, too."""

import json
from collections.abc import Callable
from typing import Any

from scorer_container.driver.frames import MAX_PAYLOAD

_LONGEST_SECONDS = 1e9

Answer = tuple[dict[str, Any], bytes]
"""Header and payload."""


class ProcessEndedError(Exception):
    """The scoring process ended without an answer."""


class BadAnswerError(ProcessEndedError):
    """What came through the pipe is not from a driver; the caller must kill the process. The message says what came."""

    def __init__(self, what: str) -> None:
        super().__init__(f"sent {what} to its node: the script must leave the descriptors alone that it has not opened")


class DeadlinePassedError(Exception):
    """The scoring process did not answer in time."""


def parsed_header(data: bytes, kinds: tuple[str, ...]) -> dict[str, Any]:
    """Return the header of an answer of one of these kinds; raise BadAnswerError."""
    try:
        header: dict[str, Any] = json.loads(data)
        kind = header["type"]
        if kind not in kinds:
            raise BadAnswerError(f"{kind!r} where {' or '.join(kinds)} was expected")
    except (ValueError, RecursionError, TypeError, KeyError):
        raise BadAnswerError(f"{data[:40]!r}, which is no answer,") from None
    for name, fits in _FIELDS[kind].items():
        if not fits(header.get(name)):
            raise BadAnswerError(f"{kind} with {name} {str(header.get(name))[:80]!r}")
    return header


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_flag(value: object) -> bool:
    return isinstance(value, bool)


def _is_seconds(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < _LONGEST_SECONDS


def _is_count(value: object) -> bool:
    return isinstance(value, int) and 0 <= value <= MAX_PAYLOAD  # each row has a byte at least


def _is_proposal(value: object) -> bool:
    if not isinstance(value, dict):
        return False
    columns = value.get("columns")
    return columns is None or (isinstance(columns, list) and all(map(_is_text, columns)))


_ERROR: dict[str, Callable[[object], bool]] = {"error_type": _is_text, "message": _is_text, "traceback": _is_text}
_RESULT: dict[str, Callable[[object], bool]] = {"seconds": _is_seconds, "rows": _is_count, "succeeded": _is_count}
_FIELDS: dict[str, dict[str, Callable[[object], bool]]] = {
    "ready": {"has_shutdown": _is_flag},
    "unusable": {"step": _is_text, **_ERROR},
    "init_failed": _ERROR,
    "columns": {"proposed": _is_proposal},
    "result": _RESULT,
    "file": _RESULT,
    "failed": {"seconds": _is_seconds, **_ERROR},
    "done": {},
    "shut_down": {},
    "shutdown_failed": _ERROR,
}
"""The fields of each kind of answer (driver/service.py)."""
