"""The hooks of azd and the workflow: what they ask of Azure, and what they hand on."""

import json
import os
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.unit.infra.bicep_files import INFRA, REPOSITORY
from tests.unit.infra.played_machine import Machine

pytestmark = pytest.mark.unit


BICEP = '#!/bin/sh\necho "Bicep CLI version %s (0123456789)"\n'


@pytest.mark.parametrize(("version", "is_refused"), [("0.45.15", True), ("0.49.2", False)])
def test_azds_own_compiler_must_be_able_to_read_what_runs(machine: Machine, version: str, is_refused: bool) -> None:
    machine.play("its-bicep", BICEP % version)
    run = machine.run("hooks/preprovision.sh", AZD_BICEP_TOOL_PATH=str(machine.folder / "its-bicep"))
    assert (run.returncode != 0) == is_refused
    assert ("AZD_BICEP_TOOL_PATH" in run.stderr) == is_refused


def test_before_azd_has_a_compiler_the_version_is_said(machine: Machine) -> None:
    run = machine.run("hooks/preprovision.sh")
    assert run.returncode == 0
    assert "older than 0.49.2" in run.stderr


@pytest.mark.parametrize(
    "script", ["deploy.sh x y", "hooks/preprovision.sh", "hooks/postprovision.sh", "package.sh x", "remove.sh x --yes"]
)
def test_all_is_asked_and_done_in_the_subscription_of_azd(machine: Machine, script: str) -> None:
    variables = {"AZURE_CONTAINER_REGISTRY_NAME": "r", "BATCH_SCORER_IMAGE_TAG": "t", "AZURE_SUBSCRIPTION_ID": "of azd"}
    variables["BATCH_SWITCHED_ON"] = "vmss-a1-cpu"
    assert machine.run(*script.split(), **variables).returncode == 0
    for call in machine.calls():
        assert ("--subscription of azd" in call) == (not call.startswith(("azd ", "curl ", "bicep "))), call


def test_the_workflow_hands_on_one_parameter_a_line(tmp_path: Path) -> None:
    workflow = yaml.safe_load((REPOSITORY / ".github/workflows/deploy.yml").read_text("utf-8"))
    step = workflow["jobs"]["deploy"]["steps"][-1]
    assert "vars.BATCH_PARAMETERS" in step["env"]["BATCH_PARAMETERS"]
    (tmp_path / "infra").mkdir()
    deploy = tmp_path / "infra/deploy.sh"
    deploy.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\"\n")
    deploy.chmod(0o755)

    def given(parameters: str) -> list[str]:
        environment = {"PATH": os.environ["PATH"], "NAME": "x", "REGION": "y", "BATCH_PARAMETERS": parameters}
        command = ["bash", "-e", "-o", "pipefail", "-c", step["run"]]
        run = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=True)
        asked, made = run.stdout.removeprefix("--what-if\n").split("x\ny\n")[1:]
        assert asked == made, "what would change is shown first, for the same parameters"
        return ["x", "y", *made.splitlines()]

    computes = 'computes=[{"name": "gpu", "vmSize": "s", "spot": true}]'
    assert given(f"privateNetwork=true\r\n\r\n{computes}\r\n") == ["x", "y", "privateNetwork=true", computes]
    assert given("") == ["x", "y"]


def test_the_hooks_key_is_made_once_and_handed_to_azd(machine: Machine, tmp_path: Path) -> None:
    for name in ("infra/hooks", ".azure/x"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".azure/x/nodes-key.pub").write_text("ssh-ed25519 made\n")
    for name in ("az.sh", "bicep.sh", "computes.sh", "name.sh", "hooks/preprovision.sh"):
        (tmp_path / "infra" / name).write_text((INFRA / name).read_text("utf-8"))
    machine.run("name.sh")  # writes the answers
    environment = machine.environment | {"BATCH_SSH_PUBLIC_KEY": ""}
    subprocess.run(["sh", "infra/hooks/preprovision.sh"], cwd=tmp_path, env=environment, check=True)
    assert machine.calls("azd env set")[0] == "azd env set BATCH_SSH_PUBLIC_KEY ssh-ed25519 made"


def test_azd_asks_for_no_key_which_its_hook_makes_but_no_machine_goes_without() -> None:
    parameters = json.loads((INFRA / "main.parameters.json").read_text("utf-8"))["parameters"]
    assert parameters["sshPublicKey"]["value"] == "${BATCH_SSH_PUBLIC_KEY}"
    assert "param sshPublicKey string = ''" in (INFRA / "main.bicep").read_text("utf-8")
    assert "@minLength(1)\nparam sshPublicKey string\n" in (INFRA / "app/compute.bicep").read_text("utf-8")
