"""What only Azure's scale sets do: evictions, refused quotas, concurrent changes, missing scale sets."""

import logging
import subprocess
import sys

import pytest

from shared.compute.vmss_scale_sets import VmssScaleSets
from shared.errors import DependencyError
from tests.integration.compute.fake_compute_api import Machine

pytestmark = pytest.mark.integration


@pytest.fixture
def cpu(compute_api):
    return compute_api.add("vmss-cpu")


def test_a_compute_without_scale_set_is_refused_by_name(vmss):
    with pytest.raises(DependencyError, match=r"compute 'nope' has no scale set.*'vmss-nope'.*'rg-1'"):
        vmss.state("nope")
    with pytest.raises(DependencyError, match="'vmss-nope'"):
        vmss.scale_out("nope", 1)
    vmss.delete("nope")


def test_instances_show_how_they_are(vmss, cpu):
    cpu.capacity = 5
    cpu.machines = {
        "new": Machine("Creating", None),
        "up": Machine(),
        "evicted": Machine("Succeeded", "PowerState/deallocated"),
        "half": Machine("Failed", "PowerState/running"),
        "leaving": Machine("Deleting"),
    }
    state = vmss.state("cpu")
    assert {one.id: one.state for one in state.instances} == {
        "new": "starting",
        "up": "running",
        "evicted": "stopped",
        "half": "running",
    }
    assert state.capacity == 3, "neither an evicted machine nor one that goes does any work"


def test_evicted_machines_are_replaced_and_removed(vmss, cpu):
    vmss.scale_out("cpu", 2)
    evicted, kept = cpu.machines
    cpu.machines[evicted].power = "PowerState/deallocated"
    vmss.scale_out("cpu", 2)
    assert evicted not in cpu.machines
    assert kept in cpu.machines
    assert len(cpu.machines) == vmss.state("cpu").capacity == 2


def test_machines_that_went_are_replaced_though_azures_capacity_still_counts_them(vmss, cpu):
    vmss.scale_out("cpu", 3)
    del cpu.machines[next(iter(cpu.machines))]
    assert (cpu.capacity, vmss.state("cpu").capacity) == (3, 2)
    vmss.scale_out("cpu", 3)
    assert (cpu.capacity, len(cpu.machines)) == (3, 3)


def test_machines_that_azure_is_making_are_not_asked_for_again(vmss, cpu, compute_api):
    cpu.capacity, cpu.provisioning = 3, "Updating"
    assert vmss.state("cpu").capacity == 3
    vmss.scale_out("cpu", 3)
    assert compute_api.count("PATCH") == 0


def test_a_machine_that_goes_is_not_taken_for_one_that_comes(vmss, cpu):
    cpu.capacity, cpu.provisioning = 2, "Updating"
    cpu.machines = {"stays": Machine(), "goes": Machine("Deleting")}
    assert vmss.state("cpu").capacity == 1


def test_more_machines_than_wanted_are_never_taken_away_by_a_resize(vmss, cpu):
    cpu.capacity, cpu.machines = 5, {"one": Machine()}
    vmss.scale_out("cpu", 2)
    assert cpu.capacity == 5


def test_a_refused_quota_is_reported_with_azures_reason(vmss, cpu, compute_api):
    compute_api.failure = ("OperationNotAllowed", "approved cores quota exceeded in westeurope")
    reason = "OperationNotAllowed: approved cores quota exceeded in westeurope"
    with pytest.raises(DependencyError, match=f"^compute 'cpu' could not be scaled out to 9: {reason}$"):
        vmss.scale_out("cpu", 9)


def test_a_missing_right_is_reported_with_its_scope_and_the_remedy(vmss, cpu, compute_api):
    action, scope = "Microsoft.Network/virtualNetworks/subnets/join/action", "/subscriptions/s/nodes"
    message = (
        f"it does not have permission to perform action(s) '{action}' on the linked scope(s) '{scope}' (respectively)"
    )
    compute_api.failure = ("LinkedAuthorizationFailed", message)
    with pytest.raises(DependencyError, match=f"lacks the right {action} on {scope}; .*scalingRights=documented"):
        vmss.scale_out("cpu", 9)


def test_an_operation_is_followed_to_its_end(vmss, cpu, compute_api):
    compute_api.polls_of_operations = 3
    vmss.scale_out("cpu", 1)
    assert sum("/operations/" in path for _, path in compute_api.requests) == 4


def test_a_long_operation_is_not_waited_for_and_its_failure_is_logged(vmss, cpu, compute_api, eventually, caplog):
    hasty = VmssScaleSets(vmss._settings, vmss._make_client, bad_news_seconds=0)
    compute_api.failure = ("SkuNotAvailable", "no such machines today")
    compute_api.polls_of_operations = 20
    with caplog.at_level(logging.ERROR, "shared.compute.vmss_scale_sets"):
        hasty.scale_out("cpu", 1)
        eventually(lambda: "compute 'cpu' could not be resized to 1" in caplog.text)


def test_an_idle_compute_costs_one_request(vmss, cpu, compute_api):
    vmss.state("cpu")
    assert len(compute_api.requests) == 1


def test_deletions_are_not_waited_for(vmss, cpu, compute_api, eventually):
    vmss.scale_out("cpu", 2)
    compute_api.requests.clear()
    compute_api.polls_of_operations = 50
    doomed, kept = cpu.machines
    vmss.delete_instance("cpu", doomed)
    assert sum("/operations/" in path for _, path in compute_api.requests) < 50
    assert list(cpu.machines) == [kept]
    eventually(lambda: sum("/operations/" in path for _, path in compute_api.requests) == 51)


def test_a_change_by_another_writer_is_met_by_reading_again(vmss, cpu, compute_api):
    compute_api.changed_meanwhile = 2
    vmss.scale_out("cpu", 3)
    assert (cpu.capacity, compute_api.count("PATCH")) == (3, 3)


def test_endless_changes_by_others_are_reported(vmss, cpu, compute_api):
    compute_api.changed_meanwhile = 100
    with pytest.raises(DependencyError, match="others change"):
        vmss.scale_out("cpu", 3)


def test_an_unreachable_azure_is_a_failed_dependency(vmss, compute_api, free_port):
    settings = vmss._settings
    broken = VmssScaleSets(type(settings)(settings.subscription_id, "rg-1", endpoint=free_port), vmss._make_client)
    with pytest.raises(DependencyError, match="the scale set of compute 'cpu' could not be read"):
        broken.state("cpu")


@pytest.fixture
def free_port():
    from local.loopback.ports import free_ports

    return f"https://127.0.0.1:{free_ports(1)[0]}"


def test_the_sdk_is_not_imported_before_it_is_needed():
    program = "import sys, shared.triggers.wiring; sys.exit('azure.mgmt.compute' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
