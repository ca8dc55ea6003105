"""What the application needs of a scale set; each compute has one."""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Instance:
    """One machine (or, locally, process) of a scale set; its id is the node id of the scorer on it."""

    id: str
    state: str
    """`starting`, `running` or `stopped`."""


@dataclass(frozen=True)
class ScaleSetState:
    """What a scale set has now, and how many instances it should have."""

    capacity: int
    instances: tuple[Instance, ...]


class ScaleSets(Protocol):
    """All scale sets of the workspace. Every method raises DependencyError when the platform fails."""

    def state(self, compute: str) -> ScaleSetState:
        """The scale set of a compute; an empty one when it was never scaled out."""
        ...

    def scale_out(self, compute: str, capacity: int) -> None:
        """Have at least `capacity` instances; never removes one."""
        ...

    def delete_instance(self, compute: str, instance: str) -> None:
        """Remove one instance, which may finish for a short while; lowers the capacity by one."""
        ...

    def delete(self, compute: str) -> None:
        """Remove all instances at once: the compute is deleted."""
        ...
