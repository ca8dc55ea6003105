"""Azure's refusals name the right that is missing."""

import pytest

from shared.compute.missing_rights import missing_right

pytestmark = pytest.mark.unit

SCOPE = "/subscriptions/s/resourceGroups/rg-x/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-a1-cpu"
SUBNET = "/subscriptions/s/resourceGroups/rg-x/providers/Microsoft.Network/virtualNetworks/v/subnets/nodes"
ACTION = "Microsoft.Compute/virtualMachines/write"
JOIN = "Microsoft.Network/virtualNetworks/subnets/join/action"
DIRECT = (
    f"The client 'c' with object id 'o' does not have authorization to perform action '{ACTION}' over scope '{SCOPE}' "
    "or the scope is invalid. If access was recently granted, please refresh your credentials."
)
LINKED = (
    "The client 'c' with object id 'o' has permission to perform action "
    f"'Microsoft.Compute/virtualMachineScaleSets/write' on scope '{SCOPE}'; however, it does not have permission to "
    f"perform action(s) '{JOIN}' on the linked scope(s) '{SUBNET}' (respectively) or the linked scope(s) are invalid."
)


@pytest.mark.parametrize(("message", "action", "scope"), [(DIRECT, ACTION, SCOPE), (LINKED, JOIN, SUBNET)])
def test_the_missing_right_and_its_place_are_named_with_the_remedy(message: str, action: str, scope: str) -> None:
    said = missing_right(message)
    assert said.startswith(f"the application's identity lacks the right {action} on {scope}; ")
    assert "scalingRights=documented" in said


@pytest.mark.parametrize("message", ["", "Operation could not be completed as it results in exceeding approved quota."])
def test_other_refusals_are_not_reworded(message: str) -> None:
    assert missing_right(message) == ""
