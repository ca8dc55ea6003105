"""How much a command prints on stderr: `--only-show-errors`, `--verbose` and `--debug`, which every command takes."""

import io
import logging
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TextIO

import click


@dataclass
class Verbosity:
    """The values of the options. click's contexts hold it as `obj`."""

    only_errors: bool = False
    requests: bool = False
    debug: bool = False
    _handler: logging.Handler | None = None
    _levels_before: dict[str, int] = field(default_factory=dict)

    def listen(self) -> None:
        """Start to print log records of the level that the options ask for."""
        self.close()
        self._handler = logging.StreamHandler(sys.stderr)
        self._handler.setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
        logging.getLogger().addHandler(self._handler)
        levels = {
            "": logging.DEBUG if self.debug else logging.INFO,
            "azure": logging.DEBUG if self.debug else logging.WARNING,
            "urllib3": logging.ERROR,  # even its warnings show URLs with their signatures
        }
        self._levels_before = {name: logging.getLogger(name).level for name in levels}
        _set_levels(levels)

    def close(self) -> None:
        """Stop printing log records, and restore the levels."""
        if self._handler is not None:
            logging.getLogger().removeHandler(self._handler)
            _set_levels(self._levels_before)
            self._handler = None


def _set_levels(levels: Mapping[str, int]) -> None:
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def with_verbosity(command: click.Command) -> click.Command:
    """Add the options to a command and return it."""
    if not isinstance(command, click.Group) and not any(option in _OPTIONS for option in command.params):
        command.params.extend(_OPTIONS)
    return command


def progress_stream() -> TextIO:
    """Return the stream for progress: stderr, or with `--only-show-errors` a stream that nobody reads."""
    context = click.get_current_context(silent=True)
    quiet = context is not None and isinstance(context.obj, Verbosity) and context.obj.only_errors
    return io.StringIO() if quiet else sys.stderr


def _set(context: click.Context, option: click.Parameter, given: bool) -> None:
    verbosity = context.ensure_object(Verbosity)
    if not given:
        return
    setattr(verbosity, str(option.name), True)
    if verbosity.requests or verbosity.debug:
        verbosity.listen()


_OPTIONS = tuple(
    click.Option([flag, name], is_flag=True, is_eager=True, expose_value=False, callback=_set, help=text)
    for flag, name, text in (
        ("--only-show-errors", "only_errors", "No progress, only errors."),
        ("--verbose", "requests", "Print each request to the service's API, and each file that is left out."),
        ("--debug", "debug", "Print also what libraries log, and the traceback of an error."),
    )
)
