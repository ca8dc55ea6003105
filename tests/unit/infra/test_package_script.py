"""package.sh: what it asks, what it does when the package or the application is not well, and what it says."""

import pytest

from tests.unit.infra import az_answers
from tests.unit.infra.played_machine import Machine

pytestmark = pytest.mark.unit


def test_it_ends_with_the_address_of_an_application_on_flex_consumption(machine: Machine) -> None:
    run = machine.run("package.sh", "x")
    assert (run.returncode, run.stdout.splitlines()[-1]) == (0, f"https://{az_answers.HOST}"), run.stderr
    assert "--name func-a1 --src" in machine.calls("functionapp deployment source config-zip")[0]


def test_a_group_without_an_application_is_named_and_nothing_is_sent(machine: Machine) -> None:
    machine.answer(az_answers.function_apps())
    run = machine.run("package.sh", "x")
    assert (run.returncode, run.stderr) == (1, "There is no Function App in the resource group rg-x.\n")
    assert machine.calls("functionapp deployment") == []


def test_an_error_of_az_is_shown_with_what_the_application_answers_and_without_a_guess(machine: Machine) -> None:
    machine.answer(az_answers.package_refused())
    machine.health("503")
    run = machine.run("package.sh", "x", BATCH_HEALTH_SECONDS="600")
    assert run.returncode == 1
    assert "the app appears to be unhealthy" in run.stderr
    assert f"https://{az_answers.HOST}/health answers 503" in run.stderr
    assert "rivate" not in run.stderr
    assert machine.calls("sleep") == []


def test_an_application_gets_time_to_start_with_a_new_package(machine: Machine) -> None:
    machine.health("000", "503", "200")
    assert machine.run("package.sh", "x").returncode == 0
    assert machine.calls("sleep") == ["sleep 10", "sleep 10"]


def test_a_package_whose_application_does_not_answer_is_a_failure(machine: Machine) -> None:
    machine.health("500")
    run = machine.run("package.sh", "x", BATCH_HEALTH_SECONDS="20")
    assert run.returncode == 1
    assert f"The package was taken, but https://{az_answers.HOST}/health answers 500 and not 200." in run.stderr
    assert len(machine.calls("sleep")) == 2


def test_a_call_of_az_that_never_ends_is_ended(machine: Machine) -> None:
    machine.play("timeout", '#!/bin/sh\nprintf "timeout %s\\n" "$*" >>"$CALLED"\nexit 124\n')
    run = machine.run("package.sh", "x")
    assert run.returncode == 1
    assert machine.calls("timeout")[0].startswith("timeout 1800 az functionapp deployment source config-zip")
    assert len(machine.calls("timeout")) == 1
    assert "after 30 minutes" in run.stderr
