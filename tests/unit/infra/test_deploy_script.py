"""deploy.sh: who owns the workspace, what is handed to Azure, when it tries again, and when it stops."""

import pytest

from tests.unit.infra import az_answers
from tests.unit.infra.bicep_files import file_named
from tests.unit.infra.bicep_types import limits
from tests.unit.infra.played_machine import Machine

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(("named", "owner"), [("", "who-deploys"), ("somebody-else", "somebody-else")])
def test_who_deploys_first_owns_the_workspace_unless_another_is_named(machine: Machine, named: str, owner: str) -> None:
    machine.answer(*az_answers.first_deployment())
    assert machine.run("deploy.sh", "x", "y", BATCH_OWNER_ID=named).returncode == 0
    assert f" ownerPrincipalId={owner} " in machine.calls("deployment sub create")[0]


def test_nothing_is_deployed_for_an_owner_that_nobody_is(machine: Machine) -> None:
    machine.answer(*az_answers.first_deployment(), az_answers.access_token(appid="a"))
    run = machine.run("deploy.sh", "x", "y")
    assert run.returncode == 1
    assert "BATCH_OWNER_ID" in run.stderr
    assert machine.calls("deployment") == []


def test_nothing_is_deployed_without_the_key_that_azure_asks_for(machine: Machine) -> None:
    machine.answer(*az_answers.first_deployment())
    run = machine.run("deploy.sh", "x", "y", BATCH_SSH_PUBLIC_KEY="")
    assert (run.returncode, machine.calls("deployment")) == (2, [])
    assert "BATCH_SSH_PUBLIC_KEY" in run.stderr


@pytest.mark.parametrize(("version", "is_refused"), [("0.48.9", True), ("0.49.2", False), ("0.50.0", False)])
def test_a_compiler_that_cannot_read_what_runs_is_refused(machine: Machine, version: str, is_refused: bool) -> None:
    machine.answer(az_answers.bicep(version))
    run = machine.run("deploy.sh", "x", "y")
    assert (run.returncode != 0) == is_refused, run.stderr
    assert (machine.calls("deployment sub create") == []) == is_refused
    assert ("Bicep 0.49.2 or newer is needed" in run.stderr) == is_refused


def test_az_fetches_the_newest_compiler_where_there_is_none(machine: Machine) -> None:
    machine.answer({"to": "bicep version", "stderr": "ERROR: Bicep CLI not found.\n", "code": 1})
    assert machine.run("deploy.sh", "x", "y").returncode == 0


def test_a_deployment_ends_with_the_package(machine: Machine) -> None:
    run = machine.run("deploy.sh", "x", "y", "privateNetwork=true")
    assert machine.calls("deployment sub create")[0].split(" privateNetwork=true")[1].startswith(("", " "))
    assert len(machine.calls("functionapp deployment source config-zip")) == 1
    assert run.stdout.splitlines()[-1] == f"https://{az_answers.HOST}", run.stderr


@pytest.mark.parametrize("parameters", [(), ("scorerImageTag=2026-11",)])
def test_the_image_has_the_tag_that_nodes_pull(machine: Machine, parameters: tuple[str, ...]) -> None:
    tag = parameters[0].split("=")[1] if parameters else "current"
    machine.answer(az_answers.deployed(BATCH_SCORER_IMAGE_TAG=tag))
    run = machine.run("deploy.sh", "x", "y", *parameters)
    assert f"acr build --registry cra1 --image scorer:{tag} " in machine.calls("acr build")[0], run.stderr


@pytest.mark.parametrize("name", ["ends-in-a.", "has a blank", "umlaut-ä", "x" * 59, "", "a/b"])
@pytest.mark.parametrize("script", ["deploy.sh", "package.sh", "hooks/preprovision.sh"])
def test_names_that_azure_would_refuse_are_refused_before_it_is_asked(machine: Machine, script: str, name: str) -> None:
    arguments = {"deploy.sh": (name, "y"), "package.sh": (name,)}.get(script, ())
    run = machine.run(script, *arguments, AZURE_ENV_NAME=name)
    assert (run.returncode, machine.calls()) == (2, [])
    assert f"'{name}' cannot be one." in run.stderr


def test_a_name_that_the_scripts_take_is_taken_by_the_template_too(machine: Machine) -> None:
    longest = "x" * 58
    assert machine.run("deploy.sh", longest, "y").returncode == 0
    (given,) = machine.calls("deployment sub create")
    deployment = given.split("--name ")[1].split()[0]
    assert len(deployment) == 64, "Azure's limit of a deployment's name"
    assert limits(file_named("main.bicep").parameters["environmentName"])["max_length"] == len(longest)


RACES = ["RoleDefinitionDoesNotExist", "PrincipalNotFound", "StorageAccountOperationInProgress", "egmsivalidation"]


@pytest.mark.parametrize("race", RACES)
def test_a_race_within_azure_is_tried_once_more_and_said(machine: Machine, race: str) -> None:
    machine.answer(az_answers.deployment_fails(race))
    run = machine.run("deploy.sh", "x", "y")
    assert run.returncode == 0, run.stderr
    first, second = machine.calls("deployment sub create")
    assert first == second
    assert machine.calls("sleep") == ["sleep 120"]
    assert f"{race}: something that was made a moment ago" in run.stderr


def test_what_fails_again_ends_the_deployment(machine: Machine) -> None:
    machine.answer(az_answers.deployment_fails("RoleDefinitionDoesNotExist", times=2))
    assert machine.run("deploy.sh", "x", "y").returncode != 0
    assert len(machine.calls("deployment sub create")) == 2
    assert machine.calls("acr") == []


def test_any_other_error_is_shown_and_not_tried_again(machine: Machine) -> None:
    machine.answer(az_answers.deployment_fails("SkuNotAvailable"))
    run = machine.run("deploy.sh", "x", "y")
    assert run.returncode != 0
    assert "SkuNotAvailable" in run.stderr
    assert len(machine.calls("deployment sub create")) == 1


@pytest.mark.parametrize("failing", ["group exists", "deployment sub show", "monitor action-group list"])
def test_nothing_is_deployed_when_azure_does_not_tell_what_is_there(machine: Machine, failing: str) -> None:
    machine.answer({"to": failing, "code": 1})
    assert machine.run("deploy.sh", "x", "y").returncode != 0
    assert machine.calls(failing)
    assert machine.calls("deployment sub create") == []


def test_what_would_change_is_asked_with_the_same_parameters_and_nothing_changes(machine: Machine) -> None:
    machine.answer({"to": "deployment sub what-if", "prints": "Resource changes: 3 to modify.\n"})
    run = machine.run("deploy.sh", "--what-if", "x", "y", "alerts=false")
    assert (run.returncode, run.stdout.splitlines()[0]) == (0, "Resource changes: 3 to modify."), run.stderr
    machine.run("deploy.sh", "x", "y", "alerts=false")
    (asked,) = machine.calls("deployment sub what-if")
    (made,) = machine.calls("deployment sub create")
    assert asked.split("environmentName")[1] == made.split("environmentName")[1]
    assert machine.calls("acr build") == machine.calls("acr build")[:1], "of the second run only"
