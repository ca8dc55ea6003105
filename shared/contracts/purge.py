"""The bodies of `purgeJobs`: what is asked for, and what that means."""

from pydantic import Field

from shared.contracts.instants import Instant
from shared.contracts.resources import ArmModel

MAX_JOBS_PER_PURGE = 1000
"""A purge of more is asked for again; one request stays short."""


class PurgeOrder(ArmModel):
    """What is to be removed."""

    ended_before: Instant
    """Jobs that ended earlier; younger and unfinished ones stay."""
    include_outputs: bool = False
    """Their outputs, too."""
    dry_run: bool = False
    """Only say what would be removed."""


class PurgePlan(ArmModel):
    """What is removed; the jobs one after the other, by messages."""

    dry_run: bool = False
    jobs: list[str] = Field(default_factory=list)
    """Names, at most MAX_JOBS_PER_PURGE of them."""
    more: bool = False
    """There are further jobs of that age."""
    code_uploads: list[str] = Field(default_factory=list)
    """Containers of uploaded code that no version names."""
    warnings: list[str] = Field(default_factory=list)
    """What cannot be read, and so keeps uploads of code from being removed."""
