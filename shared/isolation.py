"""Loops over things that have nothing to do with each other: trouble with one must not stop the work for the others."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import Problems, ProductError, as_problem

log = logging.getLogger(__name__)


@contextmanager
def isolated(what: str, problems: Problems | None = None) -> Iterator[None]:
    """Work on one of many things inside: an error is logged with `what` it met, and the loop goes on.

    `what` names the thing as users know it, such as `schedule nightly`; `problems` is for who shows the errors.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, ProductError):
            log.error("%s: %s", what, error.message)  # noqa: TRY400 - the message says all that helps
        else:
            log.exception("%s: unexpected error", what)
        if problems is not None:
            problems.append(as_problem(error))
