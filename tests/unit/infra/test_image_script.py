"""image.sh: who builds the scorer image."""

import pytest

from tests.unit.infra import az_answers
from tests.unit.infra.played_machine import Machine

pytestmark = pytest.mark.unit

GIVEN = {"AZURE_CONTAINER_REGISTRY_NAME": "cra1", "BATCH_SCORER_IMAGE_TAG": "t"}


def test_the_registry_builds_the_image_without_a_container_engine(machine: Machine) -> None:
    assert machine.run("image.sh", **GIVEN).returncode == 0
    assert "--registry cra1 --image scorer:t --file scorer_container/Dockerfile ." in machine.calls("acr build")[0]
    assert machine.calls("docker") == []


def test_a_subscription_without_tasks_is_told_the_other_way(machine: Machine) -> None:
    machine.answer(az_answers.image_refused())
    run = machine.run("image.sh", **GIVEN)
    assert run.returncode == 1
    assert "set BATCH_IMAGE_BUILD=docker" in run.stderr


def test_this_machine_builds_and_pushes_the_image_for_the_nodes_kind_of_processor(machine: Machine) -> None:
    assert machine.run("image.sh", **GIVEN, BATCH_IMAGE_BUILD="docker").returncode == 0
    assert machine.calls("acr build") == []
    build, push = machine.calls("docker")
    assert build == (
        "docker build --platform linux/amd64 --tag cra1.azurecr.io/scorer:t --file scorer_container/Dockerfile ."
    )
    assert push == "docker push cra1.azurecr.io/scorer:t"
    assert len(machine.calls("acr login --name cra1")) == 1


def test_an_image_that_is_there_is_not_built(machine: Machine) -> None:
    assert machine.run("image.sh", **GIVEN, BATCH_IMAGE_BUILD="none").returncode == 0
    assert machine.calls() == []


def test_another_way_to_build_is_refused(machine: Machine) -> None:
    run = machine.run("image.sh", **GIVEN, BATCH_IMAGE_BUILD="podman")
    assert (run.returncode, machine.calls()) == (2, [])
    assert "'podman'" in run.stderr
