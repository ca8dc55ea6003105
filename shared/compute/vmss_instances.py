"""What a virtual machine of a scale set is to the application."""

from typing import TYPE_CHECKING

from shared.compute.scale_sets import Instance

if TYPE_CHECKING:  # it takes seconds to import
    from azure.mgmt.compute.models import VirtualMachine

_NOT_WORKING = {"PowerState/stopped", "PowerState/stopping", "PowerState/deallocated", "PowerState/deallocating"}


def instance_of(machine: "VirtualMachine") -> Instance:
    """The instance; its id is the machine's name, which the node on it has as its node id."""
    return Instance(str(machine.name), _state(machine))


def is_gone(machine: "VirtualMachine") -> bool:
    """Whether the machine is being deleted."""
    return str(machine.provisioning_state) == "Deleting"


def _state(machine: "VirtualMachine") -> str:
    """`starting`, `running` or `stopped`; a machine whose extension failed may well run."""
    statuses = (machine.instance_view.statuses if machine.instance_view else None) or []
    power = {str(status.code) for status in statuses if str(status.code).startswith("PowerState/")}
    if power & _NOT_WORKING or (machine.provisioning_state == "Failed" and not power):
        return "stopped"
    return "running" if "PowerState/running" in power else "starting"
