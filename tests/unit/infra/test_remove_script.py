"""remove.sh: what is lost is said and asked, roles go before their group, and nothing is left behind."""

import subprocess

import pytest

from tests.unit.infra import az_answers
from tests.unit.infra.bicep_files import REPOSITORY
from tests.unit.infra.played_machine import Machine

pytestmark = pytest.mark.unit


def _changes(machine: Machine) -> list[str]:
    return [call for call in machine.calls() if " delete " in f"{call} "]


def test_roles_go_before_their_group_and_their_assignments_before_them(machine: Machine) -> None:
    machine.answer(
        az_answers.custom_roles("scaler", "node"),
        az_answers.role_assignments(("1", "app", "scaler"), ("2", "app", "built-in"), ("3", "node", "node")),
    )
    assert machine.run("remove.sh", "x", "--yes").returncode == 0
    assert _changes(machine) == [
        f"role assignment delete --ids {az_answers.GROUP}/1",
        "role definition delete --name scaler --resource-group rg-x",
        f"role assignment delete --ids {az_answers.GROUP}/3",
        "role definition delete --name node --resource-group rg-x",
        "group delete --name rg-x --yes",
        "deployment sub delete --name batch-x",
    ]


def test_roles_of_others_stay(machine: Machine) -> None:
    machine.answer(az_answers.custom_roles("scaler", group="rg-y-rg-x"))
    machine.run("remove.sh", "x", "--yes")
    assert machine.calls("role definition delete") == []


@pytest.mark.parametrize(("typed", "goes"), [("x\n", True), ("y\n", False), ("", False)])
def test_it_says_what_is_lost_and_asks_for_the_name(machine: Machine, typed: str, goes: bool) -> None:
    machine.answer(az_answers.resources(("Microsoft.Storage/storageAccounts", "sta1"), ("Microsoft.Web/sites", "f")))
    machine.run("remove.sh")  # writes the answers
    run = subprocess.run(
        ["sh", "infra/remove.sh", "x"],
        cwd=REPOSITORY,
        env=machine.environment,
        input=typed,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "  1 Microsoft.Storage/storageAccounts sta1" in run.stdout
    assert "all jobs with their results" in run.stdout
    assert bool(_changes(machine)) == goes


def test_a_group_that_azure_keeps_is_a_failure_that_says_when_to_try_again(machine: Machine) -> None:
    machine.answer({"to": "group delete", "stderr": "ERROR: InUseSubnetCannotBeDeleted\n", "code": 1})
    run = machine.run("remove.sh", "x", "--yes")
    assert run.returncode == 1
    assert "Run this again" in run.stderr
    assert machine.calls("deployment sub delete") == []


def test_it_goes_on_where_it_stopped(machine: Machine) -> None:
    machine.answer(az_answers.group_exists(exists=False))
    assert machine.run("remove.sh", "x").returncode == 0
    assert _changes(machine) == ["deployment sub delete --name batch-x"]


@pytest.mark.parametrize("arguments", [(), ("x", "--all"), ("x", "--yes", "y"), ("a b",)])
def test_anything_else_is_refused(machine: Machine, arguments: tuple[str, ...]) -> None:
    assert machine.run("remove.sh", *arguments).returncode == 2
    assert machine.calls() == []
