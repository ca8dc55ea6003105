"""What the application needs of a scale set; each compute has one."""

from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import urllib3

from shared.errors import DependencyError
from shared.outbound import cause

_TIMEOUT = urllib3.Timeout(connect=2, read=40)


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


class LocalScaleSets:
    """Speaks to the local scale set process."""

    def __init__(self, url: str, key: str) -> None:
        """`url` is the process's address, `key` what it asks for as a bearer token."""
        self._url = url.rstrip("/")
        self._http = urllib3.PoolManager(headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT, retries=1)

    def state(self, compute: str) -> ScaleSetState:
        """The scale set of a compute; an empty one when it was never scaled out."""
        body = self._call("GET", compute)
        return ScaleSetState(
            capacity=int(body.get("capacity", 0)),
            instances=tuple(Instance(item["id"], item["state"]) for item in body.get("instances", [])),
        )

    def scale_out(self, compute: str, capacity: int) -> None:
        """Have at least `capacity` instances; never removes one."""
        self._call("PUT", compute, json={"capacity": capacity})

    def delete_instance(self, compute: str, instance: str) -> None:
        """Remove one instance, which may finish for a short while; lowers the capacity by one."""
        self._call("DELETE", f"{compute}/instances/{quote(instance)}")

    def delete(self, compute: str) -> None:
        """Remove all instances at once: the compute is deleted."""
        self._call("DELETE", compute)

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        url = f"{self._url}/scale-sets/{path}"
        try:
            answer = self._http.request(method, url, **options)
        except urllib3.exceptions.HTTPError as error:
            raise DependencyError(f"the local scale set at {self._url} does not answer: {cause(error)}") from error
        if answer.status == 404:
            return {}
        if answer.status >= 400:
            raise DependencyError(f"the local scale set answered {answer.status} to {method} {path}: {answer.data!r}")
        return dict(answer.json()) if answer.data else {}
