"""Errors of a scoring process, in the words that the user reads."""

import traceback
from typing import Any, Dict

_OWN_PACKAGE = __name__.rsplit(".", 2)[0]
"""The name under which the driver is loaded (main.py)."""


class DeploymentError(Exception):
    """The model or the script cannot work; the message says why."""

    def __init__(self, step: str, message: str) -> None:
        """`step` is `environment`, `model` or `init`. Raise it from the error that has the traceback."""
        super(DeploymentError, self).__init__(message)
        self.step = step


class TableError(ValueError):
    """A file is not a table that can be read without losing or moving a value."""


class CastError(ValueError):
    """A table does not fit the model's signature."""


class ResultError(Exception):
    """A result of `run()` or of a model cannot be used."""


def describe(error: BaseException) -> Dict[str, Any]:
    """Return the error as fields of a frame: `error_type`, `message`, `traceback`."""
    shown = error.__cause__ if isinstance(error, DeploymentError) and error.__cause__ is not None else error
    return {
        "error_type": type(shown).__name__,
        "message": one_line(error),
        "traceback": users_traceback(shown),
    }


def one_line(error: BaseException) -> str:
    """Return the error's message on one line, or its type if the message is empty."""
    try:
        message = str(error)
    except Exception as failure:  # user's code as well
        message = "its message cannot be shown: {}".format(type(failure).__name__)
    return _sendable(" ".join(message.split()) or type(error).__name__)


def with_type(error: BaseException) -> str:
    """Return type and message on one line, e.g. `KeyError: 'age'`, or the type alone if the message is empty."""
    name, message = type(error).__name__, one_line(error)
    return name if message == name else "{}: {}".format(name, message)


def users_traceback(error: BaseException) -> str:
    """Return the traceback from the user's first line on, without the driver's own calls above it."""
    trace = error.__traceback__
    while trace is not None and trace.tb_frame.f_globals.get("__name__", "").startswith(_OWN_PACKAGE + "."):
        trace = trace.tb_next
    return _sendable("".join(traceback.format_exception(type(error), error, trace)))


def _sendable(text: str) -> str:
    """Escape lone surrogates (from file names that are not UTF-8): logs, lists and pages cannot hold them."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")
