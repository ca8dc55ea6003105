"""A second deployment: what is not named keeps its value, nothing can end nodes, and what is switched off goes."""

import json

import pytest

from tests.unit.infra import az_answers
from tests.unit.infra.bicep_files import INFRA, file_named, unwrapped
from tests.unit.infra.played_machine import Machine

pytestmark = pytest.mark.unit

VM = "Microsoft.Compute/virtualMachineScaleSets"
OPTIONAL = [
    (VM, "vmss-a1-gpu"),
    (VM, "vmss-a1-gpu2"),
    ("microsoft.insights/scheduledqueryrules", "alert-no-node-a1"),
    ("Microsoft.EventGrid/systemTopics", "evgt-a1"),
    ("Microsoft.Network/privateDnsZones", "privatelink.blob.core.windows.net"),
    ("Microsoft.Network/privateDnsZones/virtualNetworkLinks", "privatelink.blob.core.windows.net/link-a1"),
    ("Microsoft.Network/privateEndpoints", "pe-blob-a1"),
    ("Microsoft.Network/publicIPAddresses", "pip-nat-a1"),
    ("Microsoft.Network/natGateways", "ng-a1"),
]
ALWAYS = [
    ("Microsoft.Storage/storageAccounts", "sta1"),
    ("Microsoft.Web/sites", "func-a1"),
    ("Microsoft.Network/publicIPAddresses", "outbound-of-a-node"),
    ("Microsoft.Compute/virtualMachines", "vmss-a1-gpu_0a1b2c3d"),
    ("Microsoft.Compute/disks", "alert-of-somebody"),
]


def _last(machine: Machine) -> dict[str, object]:
    found = json.loads((machine.folder / "last").read_text("utf-8"))
    return {name: one["value"] for name, one in found.items()}


def test_what_is_not_named_keeps_the_value_of_the_last_deployment(machine: Machine) -> None:
    run = machine.run("deploy.sh", "x", "y", "alerts=false", BATCH_SSH_PUBLIC_KEY="")
    assert run.returncode == 0, run.stderr
    assert _last(machine) == {
        "computes": [{"name": "gpu", "vmSize": "s", "spot": True}],
        "nodeOutbound": "natGateway",
        "ownerPrincipalId": "the-owner",
        "roleAssignments": [{"principalId": "p", "role": "Reader"}],
        "sshPublicKey": "ssh-ed25519 last",
    }
    (given,) = machine.calls("deployment sub create")
    assert given.split("--parameters @")[1].split(" ", 1)[1] == "environmentName=x location=y alerts=false"
    assert "parameter goneSince is not one of this version" in run.stderr


def test_variables_count_more_than_the_last_deployment_and_arguments_more_than_variables(machine: Machine) -> None:
    variables = {"BATCH_COMPUTES": '[{"name": "a"}]', "BATCH_TAGS": '{"cost": "42"}', "BATCH_NODE_OUTBOUND": "publicIp"}
    machine.run("deploy.sh", "x", "y", "nodeOutbound=natGateway", BATCH_OWNER_ID="new", BATCH_ALERTS="", **variables)
    (given,) = machine.calls("deployment sub create")
    assert f" computes={variables['BATCH_COMPUTES']} " in given
    assert f" tags={variables['BATCH_TAGS']} " in given
    assert " ownerPrincipalId=new " in given
    assert given.index("nodeOutbound=publicIp") < given.index("nodeOutbound=natGateway"), "the later one counts"
    assert "alerts=" not in given


def test_the_address_of_alerts_stays_though_azure_gives_back_no_secret(machine: Machine) -> None:
    receivers = [{"name": "webhook", "serviceUri": "https://ops.example/a"}]
    machine.answer({"to": "monitor action-group list", "result": [{"name": "ag-a1", "webhookReceivers": receivers}]})
    machine.run("deploy.sh", "x", "y", BATCH_ALERT_WEBHOOK="https://ops.example/new")
    given = machine.calls("deployment sub create")[0]
    assert given.index("alertWebhook=https://ops.example/a") < given.index("alertWebhook=https://ops.example/new")


def test_an_installation_whose_last_deployment_is_unknown_asks_what_is_meant(machine: Machine) -> None:
    machine.answer({"to": "deployment sub show", "stderr": "ERROR: (DeploymentNotFound)\n", "code": 3, "times": 1})
    run = machine.run("deploy.sh", "x", "y")
    assert run.returncode == 1
    assert "BATCH_LAST_PARAMETERS=none" in run.stderr
    assert machine.calls("deployment sub create") == []
    machine.answers = az_answers.of_a_running_installation()
    assert machine.run("deploy.sh", "x", "y", BATCH_LAST_PARAMETERS="none").returncode == 0
    assert _last(machine) == {}


def test_every_parameter_but_those_of_azd_itself_has_a_variable() -> None:
    parameters = json.loads((INFRA / "main.parameters.json").read_text("utf-8"))["parameters"]
    without = {name for name, one in parameters.items() if not str(one["value"]).startswith("${BATCH_")}
    assert without == {"environmentName", "location", "ownerPrincipalId"}
    assert file_named("main.bicep").parameters.keys() == parameters.keys()


def test_no_parameter_says_how_many_instances_a_scale_set_has_it_is_read() -> None:
    scale_sets = unwrapped(file_named("main.bicep").modules["scaleSets"]["config"])
    assert "capacity: presentInstances[index].outputs.capacity\n" in file_named("main.bicep").text
    assert "capacity" in scale_sets["params"]
    reading = file_named("app/present-instances.bicep")
    assert [one["type"] for one in reading.tree["resources"]["present"]["decorators"]] == ["nullIfNotFound"]
    assert "output capacity int = present.?sku.?capacity ?? 0\n" in reading.text
    assert not any("nstances" in name for name in file_named("main.bicep").parameters if name != "alwaysReady")


def _switched_off(machine: Machine, on: str, **environment: str) -> list[str]:
    machine.answer(az_answers.resources(*OPTIONAL, *ALWAYS))
    run = machine.run("switched-off.sh", "x", BATCH_SWITCHED_ON=on, **environment)
    assert run.returncode == 0, run.stderr
    listed = [line.split()[0] for line in run.stdout.splitlines() if line.startswith("  ")]
    deleted = [call.split("/providers/")[1].split(" --output")[0] for call in machine.calls("resource delete")]
    assert [name.split("/", 2)[2].removeprefix("virtualNetworkLinks/") for name in deleted] in (listed, [])
    return [name.split("/", 2)[2].removeprefix("virtualNetworkLinks/") for name in deleted]


def test_what_is_switched_off_goes_in_the_order_in_which_azure_lets_it(machine: Machine) -> None:
    assert _switched_off(machine, "vmss-a1-cpu") == [
        "vmss-a1-gpu",
        "vmss-a1-gpu2",
        "alert-no-node-a1",
        "evgt-a1",
        "pe-blob-a1",
        "privatelink.blob.core.windows.net/link-a1",
        "privatelink.blob.core.windows.net",
        "ng-a1",
        "pip-nat-a1",
    ]


def test_a_compute_stays_whose_name_begins_with_anothers(machine: Machine) -> None:
    on = "vmss-a1-gpu2 alert- ag- evgt- pe- privatelink. ng- pip-nat-"
    assert _switched_off(machine, on) == ["vmss-a1-gpu"]


def test_everything_stays_that_is_switched_on(machine: Machine) -> None:
    on = "scaling-rights vmss-a1-gpu2 vmss-a1-gpu alert- ag- evgt- pe- privatelink. ng- pip-nat-"
    assert _switched_off(machine, on) == []


def test_what_is_switched_off_may_stay(machine: Machine) -> None:
    assert _switched_off(machine, "vmss-a1-cpu", BATCH_KEEP_SWITCHED_OFF="true") == []


def test_resources_of_another_installation_in_the_group_stay(machine: Machine) -> None:
    theirs = az_answers.resources((VM, "vmss-b2-cpu"))
    theirs["result"][0]["tags"] = {"azd-env-name": "other"}
    untagged = az_answers.resources((VM, "vmss-b2-gpu"))["result"][0] | {"tags": None}
    machine.answer({"to": "resource list", "result": [*theirs["result"], untagged]})
    assert machine.run("switched-off.sh", "x", BATCH_SWITCHED_ON="vmss-a1-cpu").returncode == 0
    assert machine.calls("resource delete") == []


def test_the_rights_of_a_topic_go_with_it(machine: Machine) -> None:
    machine.answer(az_answers.role_assignments(("1", "of-the-topic", "r"), ("2", "somebody", "r")))
    _switched_off(machine, "vmss-a1-gpu2 vmss-a1-gpu alert- pe- privatelink. ng- pip-nat-")
    (deleted,) = machine.calls("role assignment delete")
    assert deleted == f"role assignment delete --ids {az_answers.GROUP}/1"


@pytest.mark.parametrize(("on", "kept"), [("vmss-a1-cpu scaling-rights", True), ("vmss-a1-cpu", False)])
def test_the_larger_rights_to_scale_go_when_the_smaller_are_chosen(machine: Machine, on: str, kept: bool) -> None:
    roles = az_answers.custom_roles("reader", "scaler")["result"]
    named = az_answers.custom_roles("m")["result"][0] | {"roleName": "Batch endpoints scaler, machines a1"}
    machine.answer(
        {"to": "role definition list", "result": [*roles, named]},
        az_answers.role_assignments(("1", "app", "m"), ("2", "app", "scaler"), ("3", "app", "reader")),
    )
    run = machine.run("switched-off.sh", "x", BATCH_SWITCHED_ON=on)
    assert run.returncode == 0, run.stderr
    deleted = [] if kept else [f"role assignment delete --ids {az_answers.GROUP}/1"]
    assert machine.calls("role assignment delete") == deleted
    assert ("a right of the application to make machines" in run.stdout) != kept


def test_the_template_names_as_wanted_what_its_switches_make() -> None:
    text = file_named("main.bicep").text.split("output BATCH_SWITCHED_ON")[1]
    script = (INFRA / "switched-off.sh").read_text("utf-8")
    assert "'scaling-rights'" in text
    for beginning in ("alert-", "ag-", "evgt-", "pe-", "privatelink.", "ng-", "pip-nat-"):
        assert f"'{beginning}'" in text, beginning
        assert f" {beginning}" in script, beginning
    assert "storage" not in script.split("kinds='")[1].split("'")[0]


def test_both_ways_delete_what_is_switched_off_after_the_deployment(machine: Machine) -> None:
    machine.answer(az_answers.resources((VM, "vmss-a1-gpu")))
    given = {"AZURE_CONTAINER_REGISTRY_NAME": "r", "BATCH_SCORER_IMAGE_TAG": "t", "BATCH_SWITCHED_ON": "vmss-a1-cpu"}
    assert machine.run("hooks/postprovision.sh", **given).returncode == 0
    assert len(machine.calls("resource delete")) == 1
    assert machine.run("deploy.sh", "x", "y").returncode == 0
    assert len(machine.calls("resource delete")) == 2


@pytest.mark.parametrize(
    ("computes", "refused"),
    [
        ([{"name": "cpu", "vmSize": "s", "spot": True}], ["cpu"]),
        ([{"name": "cheap", "vmSize": "s", "spot": False}, {"name": "cpu", "vmSize": "s", "spot": False}], ["cheap"]),
        ([{"spot": True, "name": "cheap", "vmSize": "s"}, {"name": "new", "vmSize": "s", "spot": True}], []),
    ],
)
@pytest.mark.parametrize("script", ["deploy.sh", "hooks/preprovision.sh"])
def test_a_scale_set_that_is_there_is_not_asked_to_change_its_priority(
    machine: Machine, script: str, computes: list[dict[str, object]], refused: list[str]
) -> None:
    arguments = ("x", "y") if script == "deploy.sh" else ()
    run = machine.run(script, *arguments, BATCH_COMPUTES=json.dumps(computes, indent=1))
    assert (run.returncode != 0) == bool(refused), run.stderr
    assert [line.split()[2] for line in run.stderr.splitlines() if line.startswith("The compute ")] == refused
    assert not refused or machine.calls("deployment sub create") + machine.calls("azd") == []
