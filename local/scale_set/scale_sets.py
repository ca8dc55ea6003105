"""All scale sets of the stack, one for each compute."""

import asyncio
import logging
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from local.processes.process import end
from local.scale_set.instance import Instance, InstanceTemplate
from local.scale_set.record import InstanceRecord, ScaleSetRecord, read_record, write_record

log = logging.getLogger(__name__)

MAX_INSTANCES = 100
_ORPHAN_GRACE_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Graces:
    """Seconds between SIGTERM and SIGKILL."""

    scale_in: float = 30.0
    """For an instance that is removed. It finishes its mini-batch and returns the rest."""

    shutdown: float = 5.0
    """For all instances when the scale set itself ends. The queue gives out their work again."""


class ScaleSets:
    """Starts and ends instances on request, and remembers them in its folder."""

    def __init__(self, folder: Path, template: InstanceTemplate, graces: Graces = Graces()) -> None:
        """Call `recover` to start the instances."""
        self._folder = folder
        self._template = template
        self._graces = graces
        self._computes: dict[str, dict[str, Instance]] = {}
        self._removals: set[asyncio.Task[None]] = set()

    async def recover(self) -> None:
        """End the processes that a killed scale set left behind, and start every wanted instance again."""
        record = read_record(self._folder)
        instances = [(compute, one) for compute, those in record.computes.items() for one in those]
        orphans = [one.process for _, one in instances if one.process]
        await asyncio.to_thread(end, orphans, grace_seconds=_ORPHAN_GRACE_SECONDS)
        for compute, one in instances:
            if one.wanted:
                self._add(compute, one.id)

    def names(self) -> list[str]:
        """Return the computes that have instances."""
        return sorted(self._computes)

    def describe(self, compute: str) -> dict[str, object]:
        """Return capacity and instances of `compute`. It is empty if it never had an instance."""
        instances = self._computes.get(compute, {}).values()
        return {
            "capacity": sum(instance.wanted for instance in instances),
            "instances": [instance.as_json() for instance in instances],
        }

    def scale_out(self, compute: str, capacity: int) -> None:
        """Start instances until `compute` has `capacity` of them. Never end one.

        Raises:
            QuotaExceededError: `capacity` is more than one machine may run.
        """
        if capacity > MAX_INSTANCES:
            raise QuotaExceededError(f"capacity {capacity} of compute {compute!r} is above {MAX_INSTANCES}")
        present = sum(instance.wanted for instance in self._computes.get(compute, {}).values())
        for _ in range(capacity - present):
            self._add(compute, f"{compute}-{secrets.token_hex(4)}")
        self._remember()

    def remove_instance(self, compute: str, instance_id: str) -> None:
        """Begin to end one instance, which lowers the capacity by one. A repeated call changes nothing.

        Raises:
            InstanceNotFoundError: `compute` has no such instance.
        """
        instance = self._computes.get(compute, {}).get(instance_id)
        if instance is None:
            raise InstanceNotFoundError(f"compute {compute!r} has no instance {instance_id!r}")
        if instance.wanted:
            instance.wanted = False
            removal = asyncio.create_task(self._remove(compute, instance), name=f"remove {instance_id}")
            self._removals.add(removal)
            removal.add_done_callback(self._removals.discard)

    def remove_all(self, compute: str) -> None:
        """Begin to end every instance of `compute`."""
        for instance_id in list(self._computes.get(compute, {})):
            self.remove_instance(compute, instance_id)

    async def close(self) -> None:
        """End every process. The next `recover` starts the wanted instances again."""
        instances = [instance for those in self._computes.values() for instance in those.values()]
        await asyncio.gather(*(instance.suspend(self._graces.shutdown) for instance in instances))
        await asyncio.gather(*self._removals)

    def _add(self, compute: str, instance_id: str) -> None:
        instance = Instance(compute, instance_id, self._template, self._remember)
        self._computes.setdefault(compute, {})[instance_id] = instance
        log.info("instance %s of compute %s was added", instance_id, compute)

    async def _remove(self, compute: str, instance: Instance) -> None:
        await instance.remove(self._graces.scale_in)
        instances = self._computes[compute]
        del instances[instance.id]
        if not instances:
            del self._computes[compute]
        self._remember()
        log.info("instance %s of compute %s was removed", instance.id, compute)

    def _remember(self) -> None:
        write_record(self._folder, ScaleSetRecord({name: self._records(name) for name in self._computes}))

    def _records(self, compute: str) -> tuple[InstanceRecord, ...]:
        instances = self._computes[compute].values()
        return tuple(InstanceRecord(one.id, one.wanted, one.process.identity) for one in instances)


class ScaleSetError(Exception):
    """The scale set refused the request."""

    http_status: ClassVar[int]
    code: ClassVar[str]

    def as_body(self) -> dict[str, dict[str, str]]:
        """Return the JSON body of the answer."""
        return {"error": {"code": self.code, "message": str(self)}}


class BadRequestError(ScaleSetError):
    """The request's body or a name in its path is wrong."""

    http_status = 400
    code = "BadRequest"


class WrongKeyError(ScaleSetError):
    """The bearer key is missing or wrong."""

    http_status = 401
    code = "Unauthorized"


class InstanceNotFoundError(ScaleSetError):
    """The compute has no such instance."""

    http_status = 404
    code = "InstanceNotFound"


class QuotaExceededError(ScaleSetError):
    """More instances than this machine may run."""

    http_status = 409
    code = "QuotaExceeded"
