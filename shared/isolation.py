"""Loops over things that have nothing to do with each other: trouble with one must not stop the work for the others."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from shared.errors import Problems, ProductError

log = logging.getLogger(__name__)


@contextmanager
def isolated(what: str, problems: Problems | None = None) -> Iterator[None]:
    """Work on one of many things inside: an error is logged with `what` it met, and the loop goes on.

    `what` names the thing as users know it, such as `schedule nightly`; `problems` is for who shows the errors.
    """
    try:
        yield
    except ProductError as error:
        log.error("%s: %s", what, error.message)  # noqa: TRY400 - the message says all that helps
        problem = error
    except Exception as error:
        log.exception("%s: unexpected error", what)
        problem = ProductError(f"{what}: {' '.join(f'{type(error).__name__}: {error}'.split())}", target=what)
    else:
        return
    if problems is not None:
        problems.append(problem)
