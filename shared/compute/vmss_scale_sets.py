"""The scale sets of Azure: one virtual machine scale set with flexible orchestration for each compute.

The deployment creates them (docs/decisions/0008). This module reads them, raises their capacity and deletes named
instances. In flexible orchestration, an instance's id is the name of its virtual machine.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from azure.core import MatchConditions
from azure.core.exceptions import AzureError, HttpResponseError, ResourceModifiedError, ResourceNotFoundError

from shared.compute.missing_rights import missing_right
from shared.compute.scale_sets import Instance, ScaleSetState
from shared.errors import DependencyError
from shared.settings import VmssSettings

if TYPE_CHECKING:
    from azure.core.polling import LROPoller
    from azure.mgmt.compute import ComputeManagementClient
    from azure.mgmt.compute.models import VirtualMachine, VirtualMachineScaleSet


log = logging.getLogger(__name__)

BAD_NEWS_SECONDS = 15.0
"""How long to wait for an operation to fail. A refused quota shows within seconds; machines take minutes to start."""

_TRIES = 5
"""How often to write a capacity that others change at the same time."""


def compute_client(settings: VmssSettings) -> "ComputeManagementClient":
    """Return a client with the application's identity."""
    from azure.identity import DefaultAzureCredential
    from azure.mgmt.compute import ComputeManagementClient

    return ComputeManagementClient(
        DefaultAzureCredential(managed_identity_client_id=settings.client_id or None),
        settings.subscription_id,
        base_url=settings.endpoint,
        credential_scopes=[f"{settings.endpoint}/.default"],
        polling_interval=5,
    )


class VmssScaleSets:
    """Calls Azure Resource Manager.

    It never lowers a capacity while jobs run. Machines are removed by name, after their node reported that it idles
    and was marked `leaving`. There is no autoscale rule, so nothing else removes machines.
    """

    def __init__(
        self,
        settings: VmssSettings,
        client: Callable[[VmssSettings], "ComputeManagementClient"] = compute_client,
        bad_news_seconds: float = BAD_NEWS_SECONDS,
    ) -> None:
        """Call `client` at the first request, not before: its imports take seconds."""
        self._settings = settings
        self._make_client = client
        self._bad_news_seconds = bad_news_seconds

    def state(self, compute: str) -> ScaleSetState:
        """Return the scale set of a compute. Raise DependencyError, also if there is none."""
        with _failures(f"the scale set of compute {compute!r} could not be read"):
            return self._state(self._found(compute))

    def scale_out(self, compute: str, capacity: int) -> None:
        """Raise the size to at least `capacity` working instances. Never remove an instance.

        The write carries the ETag of the read: a write from outdated numbers could be a scale-in.
        """
        with _failures(f"compute {compute!r} could not be scaled out to {capacity}"):
            for _ in range(_TRIES):
                found = self._found(compute)
                state = self._state(found)
                stopped = [one.id for one in state.instances if one.state == "stopped"]
                size = max(capacity + len(stopped), _capacity(found))  # a lower one would be a scale-in
                if state.capacity >= capacity or self._resize(compute, found, size):
                    self._delete(compute, stopped)
                    return
        raise DependencyError(
            f"compute {compute!r} could not be scaled out to {capacity}: others change it all the time"
        )

    def delete_instance(self, compute: str, instance: str) -> None:
        """Remove one instance and lower the capacity by one. Do nothing if it no longer exists."""
        with _failures(f"instance {instance!r} of compute {compute!r} could not be deleted"):
            if instance in {one.id for one in self._state(self._found(compute)).instances}:
                self._delete(compute, [instance])

    def delete(self, compute: str) -> None:
        """Remove all instances at once. The scale set itself stays: the deployment owns it."""
        with _failures(f"the instances of compute {compute!r} could not be deleted"):
            for _ in range(_TRIES):
                found = self._find(compute)
                if found is None or not _capacity(found) or self._resize(compute, found, 0):
                    return
        raise DependencyError(f"the instances of compute {compute!r} could not be deleted: others change its capacity")

    def _state(self, found: "VirtualMachineScaleSet") -> ScaleSetState:
        """Return the working machines, and how many Azure is still creating.

        Azure's capacity is the number that was requested. It may count machines that were evicted and deleted, or that
        could not be created. Only during an operation does it say how many machines will come. It may then still count
        machines that are being deleted; they are subtracted, because too high a number would remove another machine.
        """
        if not _capacity(found):
            return ScaleSetState(0, ())  # idle computes are read often, and Azure limits lists of machines
        machines = list(self._machines(found))
        instances = tuple(instance_of(machine) for machine in machines if not is_gone(machine))
        working = sum(one.state != "stopped" for one in instances)
        coming = max(0, _capacity(found) - len(machines)) if _is_changing(found) else 0
        return ScaleSetState(working + coming, instances)

    def _machines(self, found: "VirtualMachineScaleSet") -> "Iterable[VirtualMachine]":
        return self._client.virtual_machines.list(
            self._settings.resource_group,
            filter=f"'virtualMachineScaleSet/id' eq '{found.id}'",
            expand="instanceView",
        )

    def _resize(self, compute: str, found: "VirtualMachineScaleSet", capacity: int) -> bool:
        """Set Azure's capacity. Return False if the scale set has changed since it was read."""
        from azure.mgmt.compute.models import Sku, VirtualMachineScaleSetUpdate

        sku = Sku(name=found.sku.name if found.sku else None, tier=found.sku.tier if found.sku else None)
        sku.capacity = capacity
        try:
            operation = self._client.virtual_machine_scale_sets.begin_update(
                *self._address(compute),
                VirtualMachineScaleSetUpdate(sku=sku),
                etag=found.etag,
                match_condition=MatchConditions.IfNotModified if found.etag else None,
            )
        except ResourceModifiedError:
            return False
        self._watch(operation, f"compute {compute!r} could not be resized to {capacity}", self._bad_news_seconds)
        return True

    def _delete(self, compute: str, instances: list[str]) -> None:
        from azure.mgmt.compute.models import VirtualMachineScaleSetVMInstanceRequiredIDs

        if instances:
            ids = VirtualMachineScaleSetVMInstanceRequiredIDs(instance_ids=instances)
            operation = self._client.virtual_machine_scale_sets.begin_delete_instances(*self._address(compute), ids)
            what = f"instances {', '.join(instances)} of compute {compute!r} could not be deleted"
            self._watch(operation, what, seconds=0)  # many machines may go, and each gets its notice first

    def _watch(self, operation: "LROPoller[Any]", what: str, seconds: float) -> None:
        """Wait a moment for a failure and raise it. A later failure is logged."""
        operation.wait(seconds)
        if operation.done():
            operation.result()
        else:
            operation.add_done_callback(lambda method: _log_end(method.status(), what))

    def _found(self, compute: str) -> "VirtualMachineScaleSet":
        found = self._find(compute)
        if found is None:
            group, name = self._address(compute)
            raise DependencyError(
                f"compute {compute!r} has no scale set: there is no virtual machine scale set {name!r} in resource "
                f"group {group!r}; add {compute!r} to the computes of the deployment and deploy again"
            )
        return found

    def _find(self, compute: str) -> "VirtualMachineScaleSet | None":
        try:
            return self._client.virtual_machine_scale_sets.get(*self._address(compute))
        except ResourceNotFoundError:
            return None

    def _address(self, compute: str) -> tuple[str, str]:
        return self._settings.resource_group, self._settings.name_of(compute)

    @cached_property
    def _client(self) -> "ComputeManagementClient":
        return self._make_client(self._settings)


def _log_end(status: str, what: str) -> None:
    if status.lower() != "succeeded":
        log.error("%s: the operation ended as %s; Azure's activity log says why", what, status)


def _is_changing(found: "VirtualMachineScaleSet") -> bool:
    return str(found.properties.provisioning_state if found.properties else "") in {"Creating", "Updating"}


def _capacity(found: "VirtualMachineScaleSet") -> int:
    return int((found.sku.capacity if found.sku else 0) or 0)


def _reason(error: HttpResponseError) -> str:
    """Return the reason on one line; if a right is missing, which one and what to do.

    The SDK's own message of an ARM error repeats everything on several lines.
    """
    arm = error.error
    text = f"{arm.code}: {arm.message}" if arm and arm.message else error.message
    text = " ".join(text.split())
    return missing_right(text) or text


@contextmanager
def _failures(what: str) -> Iterator[None]:
    """Turn an error of Azure into a DependencyError that says what failed and why."""
    try:
        yield
    except HttpResponseError as error:
        raise DependencyError(f"{what}: {_reason(error)}") from error
    except AzureError as error:
        raise DependencyError(f"{what}: {error}") from error


_NOT_WORKING = {"PowerState/stopped", "PowerState/stopping", "PowerState/deallocated", "PowerState/deallocating"}


def instance_of(machine: "VirtualMachine") -> Instance:
    """Return the instance. Its id is the machine's name, which is also the id of the node on it."""
    return Instance(str(machine.name), _state(machine))


def is_gone(machine: "VirtualMachine") -> bool:
    """Return whether the machine is being deleted."""
    return str(machine.provisioning_state) == "Deleting"


def _state(machine: "VirtualMachine") -> str:
    """Return `starting`, `running` or `stopped`. A machine whose extension failed may still run."""
    statuses = (machine.instance_view.statuses if machine.instance_view else None) or []
    power = {str(status.code) for status in statuses if str(status.code).startswith("PowerState/")}
    if power & _NOT_WORKING or (machine.provisioning_state == "Failed" and not power):
        return "stopped"
    return "running" if "PowerState/running" in power else "starting"
