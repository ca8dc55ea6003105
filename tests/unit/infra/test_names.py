"""The names that the compiler evaluated (infra/names.txt), against the application's own and Azure's limits."""

import re

import pytest

from tests.unit.infra import az_answers
from tests.unit.infra.bicep_files import INFRA, bicep_files
from tests.unit.infra.played_machine import Machine
from tests.unit.infra.test_bicep_files import LIMITS
from tests.unit.infra.test_storage_objects import declared_objects

pytestmark = pytest.mark.unit


def _names() -> list[tuple[str, str]]:
    lines = (INFRA / "names.txt").read_text("utf-8").splitlines()
    found = (line.split(" # ")[0].split() for line in lines if not line.startswith("#"))
    return [(kind, name) for kind, name in found]


def test_every_type_of_the_template_was_evaluated() -> None:
    declared = {one.type for file in bicep_files() for one in file.resources if not one.existing}
    assert {kind for kind, _ in _names()} == {one for one in declared if not one.startswith("Microsoft.Authorization/")}


@pytest.mark.parametrize(("kind", "name"), _names())
def test_a_name_keeps_azures_limits(kind: str, name: str) -> None:
    assert kind not in LIMITS or re.fullmatch(LIMITS[kind], name.rsplit("/", maxsplit=1)[-1])


@pytest.mark.parametrize(
    ("part", "variable"),
    [("blobServices/containers", "containers"), ("queueServices/queues", "queues"), ("tableServices/tables", "tables")],
)
def test_objects_in_storage_are_those_that_the_code_uses(part: str, variable: str) -> None:
    evaluated = {name.split("/")[-1] for kind, name in _names() if kind == f"Microsoft.Storage/storageAccounts/{part}"}
    made = {"app-package" if name == "packageContainer" else name for name in declared_objects(variable)}
    assert evaluated - {"blob-events-dead-letters"} == made


@pytest.mark.parametrize("everything_is_on", [True, False])
def test_no_switch_deletes_what_is_always_there(machine: Machine, everything_is_on: bool) -> None:
    scale_sets = [name for kind, name in _names() if kind.endswith("/virtualMachineScaleSets")]
    on = [*scale_sets, "alert-", "ag-", "evgt-", "pe-", "privatelink.", "ng-", "pip-nat-"]
    listed = [(kind, name) for kind, name in _names() if kind != "Microsoft.Resources/resourceGroups"]
    machine.answer(az_answers.resources(*listed))
    given = " ".join(["scaling-rights", *(on if everything_is_on else ["vmss-none"])])
    assert machine.run("switched-off.sh", "x", BATCH_SWITCHED_ON=given).returncode == 0
    deleted = {call.split("/providers/")[1].split(" --output")[0] for call in machine.calls("resource delete")}
    beginnings = r"vmss-|alert-|ag-|evgt-[^/]*$|pe-[^/]*$|privatelink\.|ng-|pip-nat-"
    optional = {f"{kind}/{name}" for kind, name in listed if re.match(beginnings, name)}
    assert deleted == (set() if everything_is_on else optional)
    assert not any("Storage" in one or "/sites" in one for one in deleted)
