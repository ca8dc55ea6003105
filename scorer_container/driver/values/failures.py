"""What goes wrong in a scoring process, in the words that the user reads."""

import traceback
from typing import Any, Dict

_OWN_PACKAGE = __name__.rsplit(".", 2)[0]
"""The name under which the driver is loaded (main.py)."""


class DeploymentError(Exception):
    """The model or the script can never work as it is; the message says why."""

    def __init__(self, step: str, message: str) -> None:
        """`step` is `environment`, `model` or `init`; raised from what gives the traceback."""
        super(DeploymentError, self).__init__(message)
        self.step = step


class TableError(ValueError):
    """A file is not a table that can be read without losing or moving a value."""


class CastError(ValueError):
    """A table does not hold what the model's signature says."""


class ResultError(Exception):
    """What `run()` or a model returned cannot be used."""


def describe(error: BaseException) -> Dict[str, Any]:
    """The error as fields of a frame: `error_type`, `message`, `traceback`."""
    shown = error.__cause__ if isinstance(error, DeploymentError) and error.__cause__ is not None else error
    return {
        "error_type": type(shown).__name__,
        "message": one_line(error),
        "traceback": users_traceback(shown),
    }


def one_line(error: BaseException) -> str:
    """The error's message in one line, its type when it has no message."""
    try:
        message = str(error)
    except Exception as failure:  # user's code as well
        message = "its message cannot be shown: {}".format(type(failure).__name__)
    return _sendable(" ".join(message.split()) or type(error).__name__)


def with_type(error: BaseException) -> str:
    """Type and message in one line, such as `KeyError: 'age'`; the type alone when there is no message."""
    name, message = type(error).__name__, one_line(error)
    return name if message == name else "{}: {}".format(name, message)


def users_traceback(error: BaseException) -> str:
    """The traceback from the user's first line on, without the driver's own calls above it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith(_OWN_PACKAGE + "."):
        trace = trace.tb_next
    return _sendable("".join(traceback.format_exception(type(error), error, trace)))


def _sendable(text: str) -> str:
    """Lone surrogates (names of files that are no UTF-8) spelled out: logs, lists and pages cannot hold them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
