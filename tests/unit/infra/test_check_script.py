"""check.sh: what it looks at before a deployment, and that it changes nothing."""

from typing import Any

import pytest

from tests.unit.infra import az_answers
from tests.unit.infra.az_answers import Answer
from tests.unit.infra.bicep_files import REPOSITORY, bicep_files
from tests.unit.infra.played_machine import Machine

pytestmark = pytest.mark.unit

PROVIDERS = (
    "App Authorization Compute ContainerRegistry EventGrid Insights ManagedIdentity Network OperationalInsights Storage"
    " Web"
)


def _providers(names: str) -> Answer:
    """`provider list`: objects of Azure; some names are in lower case."""
    found = [{"namespace": f"Microsoft.{name}", "registrationState": "Registered"} for name in names.split()]
    return {"to": "provider list", "result": [*found, {"namespace": "Microsoft.Web3", "registrationState": "No"}]}


def _regions(*names: str) -> Answer:
    """`list_flexconsumption_locations` (appservice/custom.py)."""
    return {"to": "functionapp list-flexconsumption-locations", "result": [{"name": name} for name in names]}


def _permissions(*roles: dict[str, list[str]]) -> Answer:
    """`rest`: Azure's own answer, as it is."""
    return {"to": "rest --method get", "result": {"value": list(roles)}}


OWNER = {"actions": ["*"], "notActions": []}
CONTRIBUTOR = {"actions": ["*"], "notActions": ["Microsoft.Authorization/*/Delete", "Microsoft.Authorization/*/Write"]}
ACCESS_ADMINISTRATOR = {"actions": ["*/read", "Microsoft.Authorization/*", "Microsoft.Support/*"], "notActions": []}


def _size(name: str, restricted: bool = False, **capabilities: str) -> dict[str, Any]:
    has = {
        "vCPUs": "4",
        "HyperVGenerations": "V1,V2",
        "CpuArchitectureType": "x64",
        "PremiumIO": "True",
        **capabilities,
    }
    return {
        "name": name,
        "family": "standardDSv5Family",
        "restrictions": [{"type": "Location", "reasonCode": "NotAvailableForSubscription"}] if restricted else [],
        "capabilities": [{"name": key, "value": value} for key, value in has.items()],
    }


def _sizes(*sizes: dict[str, Any]) -> Answer:
    """`list_skus` (vm/custom.py)."""
    return {"to": "vm list-skus", "result": [*sizes, _size("Standard_Other")]}


def _usage(to: str, **left: tuple[int, int]) -> Answer:
    """`vm list-usage` and `network list-usages`: used, and at most."""
    found = [{"name": {"value": name}, "currentValue": used, "limit": most} for name, (used, most) in left.items()]
    return {"to": to, "result": found}


@pytest.fixture
def ready(machine: Machine) -> Machine:
    """A subscription in which a first deployment can work."""
    machine.answer(
        az_answers.group_exists(exists=False),
        {"to": "version", "result": {"azure-cli": "2.91.0"}},
        {"to": "account show", "result": {"name": "Ours", "id": "s"}},
        _providers(PROVIDERS),
        _regions("northeurope", "westeurope"),
        _permissions(OWNER),
        _sizes(_size("Standard_D4s_v5")),
        _usage("vm list-usage", standardDSv5Family=(2, 12), lowPriorityCores=(0, 3)),
        _usage("network list-usages", StandardSkuPublicIpAddresses=(3, 20), PublicIPAddresses=(3, 10)),
    )
    return machine


def _table(machine: Machine, *parameters: str, **environment: str) -> tuple[int, dict[str, list[str]]]:
    run = machine.run("check.sh", "x", "westeurope", *parameters, **environment)
    lines = [(line[:8].strip(), line[9:35].strip(), line[36:]) for line in run.stdout.splitlines()]
    return run.returncode, {what: [state, detail] for state, what, detail in lines}


def test_a_subscription_in_which_it_can_work_gets_a_table_of_ok(ready: Machine) -> None:
    code, table = _table(ready)
    assert {what: state for what, (state, _) in table.items() if state != "ok"} == {}
    assert code == 0
    assert table.keys() >= {"Bicep", "providers", "region", "rights", "rg-x", "compute cpu-cluster", "public addresses"}
    assert table["compute cpu-cluster"][1] == "Standard_D4s_v5: cores for 2 nodes left of standarddsv5family"
    assert table["public addresses"][1].startswith("17 left")


def test_it_changes_nothing(ready: Machine) -> None:
    _table(ready)
    reading = (
        "list",
        "show",
        "exists",
        "version",
        "rest --method get",
        "list-skus",
        "list-usage",
        "list-flexconsumption",
    )
    assert all(any(f" {word}" in f" {call}" for word in reading) for call in ready.calls())


@pytest.mark.parametrize(
    ("answer", "what", "detail"),
    [
        (az_answers.bicep("0.45.15"), "Bicep", "0.49.2 or newer"),
        (_providers(PROVIDERS.replace("EventGrid ", "")), "providers", "Microsoft.EventGrid"),
        (_regions("northeurope"), "region", "northeurope"),
        (_permissions(CONTRIBUTOR), "rights", "Microsoft.Authorization/roleAssignments/write"),
        (_permissions(ACCESS_ADMINISTRATOR), "rights", "Microsoft.Storage/storageAccounts/write"),
        (_sizes(), "compute cpu-cluster", "not offered in the region"),
        (_sizes(_size("Standard_D4s_v5", restricted=True)), "compute cpu-cluster", "to this subscription"),
        (_sizes(_size("Standard_D4s_v5", HyperVGenerations="V1")), "compute cpu-cluster", "generation 2"),
        (_sizes(_size("Standard_D4s_v5", CpuArchitectureType="Arm64")), "compute cpu-cluster", "Arm64"),
        (_sizes(_size("Standard_D4s_v5", PremiumIO="False")), "compute cpu-cluster", "no Premium disk"),
        (_sizes(_size("Standard_D4s_v5", TrustedLaunchDisabled="True")), "compute cpu-cluster", "Trusted Launch"),
        (_usage("vm list-usage", standardDSv5Family=(10, 12)), "compute cpu-cluster", "2 cores left"),
        (_usage("vm list-usage", other=(10, 12)), "compute cpu-cluster", "does not tell"),
        (_usage("network list-usages", StandardSkuPublicIpAddresses=(20, 20)), "public addresses", "none left"),
        ({"to": "provider list", "code": 1}, "providers", "did not answer"),
    ],
)
def test_what_stands_in_the_way_is_named(ready: Machine, answer: Answer, what: str, detail: str) -> None:
    ready.answer(answer)
    code, table = _table(ready)
    assert code == 1
    assert {name for name, (state, _) in table.items() if state != "ok"} == {what}
    assert detail in table[what][1]


def test_two_roles_together_may_deploy(ready: Machine) -> None:
    ready.answer(_permissions(CONTRIBUTOR, ACCESS_ADMINISTRATOR))
    assert _table(ready)[1]["rights"][0] == "ok"


def test_each_compute_is_looked_at_and_spot_machines_have_a_quota_of_their_own(ready: Machine) -> None:
    computes = '[{"name": "a", "vmSize": "Standard_D4s_v5", "spot": true}, {"name": "b", "vmSize": "Standard_D4s_v5"}]'
    code, table = _table(ready, f"computes={computes}", "nodeOutbound=natGateway")
    assert code == 1
    assert table["compute a"] == ["no", "Standard_D4s_v5: 3 cores left of lowprioritycores, a node has 4"]
    assert table["compute b"][0] == "ok"
    assert "public addresses" not in table


def test_a_machine_that_is_to_build_the_image_has_a_container_engine(ready: Machine) -> None:
    assert _table(ready, BATCH_IMAGE_BUILD="docker")[1]["tool docker"][0] == "ok"


def test_the_deployment_script_can_look_only(ready: Machine) -> None:
    run = ready.run("deploy.sh", "--check", "x", "westeurope")
    assert run.returncode == 0, run.stdout
    assert "compute cpu-cluster" in run.stdout
    assert ready.calls("deployment") == []


@pytest.mark.parametrize("arguments", [("x",), (), ("a b", "y")])
def test_wrong_arguments_are_refused(ready: Machine, arguments: tuple[str, ...]) -> None:
    assert ready.run("check.sh", *arguments).returncode == 2
    assert ready.calls() == []


def test_the_providers_are_those_of_the_page_and_of_the_template() -> None:
    used = {one.type.split("/")[0].removeprefix("Microsoft.") for file in bicep_files() for one in file.resources}
    assert used - {"Resources"} <= set(PROVIDERS.split())
    assert f"for name in {PROVIDERS}\n" in (REPOSITORY / "docs/deploy.md").read_text("utf-8")
