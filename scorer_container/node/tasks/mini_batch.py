"""A mini-batch, and its files on this machine."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class MiniBatch:
    """The files of one `run()`."""

    number: int
    files: Sequence[str]
    """Paths relative to the input, in the order of the manifest."""


@dataclass(frozen=True)
class LocalFile:
    """One input file: where it lies here, or why it could not be fetched."""

    name: str
    """Path relative to the input."""
    path: str = ""
    problem: Exception | None = None
