"""Scale sets: what the application needs of them, and the local ones. Each compute has one scale set."""

from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote

import urllib3

from shared.errors import DependencyError
from shared.outbound import cause

_TIMEOUT = urllib3.Timeout(connect=2, read=40)


@dataclass(frozen=True)
class Instance:
    """One machine (on a laptop: one process) of a scale set. Its id is the node id of the scorer on it."""

    id: str
    state: str
    """`starting`, `running` or `stopped`."""


@dataclass(frozen=True)
class ScaleSetState:
    """The instances of a scale set, and how many it should have."""

    capacity: int
    instances: tuple[Instance, ...]


class ScaleSets(Protocol):
    """All scale sets of the workspace. Every method raises DependencyError when the platform fails."""

    def state(self, compute: str) -> ScaleSetState:
        """Return the scale set of a compute. It is empty if it was never scaled out."""
        ...

    def scale_out(self, compute: str, capacity: int) -> None:
        """Raise the size to at least `capacity` instances. Never remove one."""
        ...

    def delete_instance(self, compute: str, instance: str) -> None:
        """Remove one instance and lower the capacity by one. The instance gets a short time to finish."""
        ...

    def delete(self, compute: str) -> None:
        """Remove all instances at once, because the compute is deleted."""
        ...


class LocalScaleSets:
    """The scale sets of a laptop: a process of the local stack, called over loopback HTTP."""

    def __init__(self, url: str, key: str) -> None:
        """Call the process at `url` with `key` as the bearer token."""
        self._url = url.rstrip("/")
        self._http = urllib3.PoolManager(headers={"Authorization": f"Bearer {key}"}, timeout=_TIMEOUT, retries=1)

    def state(self, compute: str) -> ScaleSetState:
        """Return the scale set of a compute. It is empty if it was never scaled out."""
        body = self._call("GET", compute)
        return ScaleSetState(
            capacity=int(body.get("capacity", 0)),
            instances=tuple(Instance(item["id"], item["state"]) for item in body.get("instances", [])),
        )

    def scale_out(self, compute: str, capacity: int) -> None:
        """Raise the size to at least `capacity` instances. Never remove one."""
        self._call("PUT", compute, json={"capacity": capacity})

    def delete_instance(self, compute: str, instance: str) -> None:
        """Remove one instance and lower the capacity by one. The instance gets a short time to finish."""
        self._call("DELETE", f"{compute}/instances/{quote(instance)}")

    def delete(self, compute: str) -> None:
        """Remove all instances at once, because the compute is deleted."""
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
