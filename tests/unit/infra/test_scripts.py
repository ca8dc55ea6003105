"""What the scripts ask of Azure and of a machine, with programs that a test plays."""

import json
import os
import subprocess
from pathlib import Path

import jwt
import pytest
import yaml

from tests.unit.infra.bicep_files import INFRA, REPOSITORY

pytestmark = pytest.mark.unit

AZ = """#!/bin/sh
printf '%s\\n' "$*" >>"$CALLED"
case "$*" in
  *"$FAILS"*) exit 1 ;;
  *get-access-token*) printf '%s\\n' "$TOKEN" ;;
  "group exists"*) echo true ;;
  "vmss list"*) echo "cpu-cluster=2" ;;
  *) echo found ;;
esac
"""


class Machine:
    """A machine with a played `az` and `azd`, which note how they are called."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._calls = folder / "called"
        self._calls.touch()
        self.environment = {
            "PATH": f"{folder}:{os.environ['PATH']}",
            "CALLED": str(self._calls),
            "FAILS": "none of them",
            "TOKEN": jwt.encode({"oid": "who-deploys", "name": "Ada Ünï"}, "k" * 32, algorithm="HS256"),
            "AZURE_ENV_NAME": "x",
            "BATCH_SSH_PUBLIC_KEY": "ssh-rsa x",
        }
        for name in ("az", "azd"):
            self.play(name, AZ)

    def play(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)
        (self.folder / name).chmod(0o755)

    def run(self, script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", f"infra/{script}", *arguments],
            cwd=REPOSITORY,
            env=self.environment | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self, beginning: str = "") -> list[str]:
        return [line for line in self._calls.read_text().splitlines() if line.startswith(beginning)]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize(("named", "owner"), [("", "who-deploys"), ("somebody-else", "somebody-else")])
def test_who_deploys_owns_the_workspace_unless_another_is_named(machine: Machine, named: str, owner: str) -> None:
    roles = '[{"principalId": "p", "role": "Reader"}]'
    assert machine.run("deploy.sh", "x", "y", BATCH_OWNER_ID=named, BATCH_ROLE_ASSIGNMENTS=roles).returncode == 0
    (given,) = machine.calls("deployment sub create")
    assert f"ownerPrincipalId={owner} roleAssignments={roles} presentInstances=cpu-cluster=2" in given


def test_a_deployment_ends_with_the_package(machine: Machine) -> None:
    run = machine.run("deploy.sh", "x", "y", "privateNetwork=true")
    assert machine.calls("deployment sub create")[0].endswith(" privateNetwork=true")
    assert len(machine.calls("functionapp deployment source config-zip")) == 1
    assert run.stdout.splitlines()[-1] == "https://found"


@pytest.mark.parametrize("failing", ["account get-access-token", "group exists", "vmss list"])
def test_nothing_is_deployed_when_azure_does_not_tell_what_runs(machine: Machine, failing: str) -> None:
    assert machine.run("deploy.sh", "x", "y", FAILS=failing).returncode != 0
    assert machine.calls(failing)
    assert machine.calls("deployment") == []


@pytest.mark.parametrize("failing", ["group exists", "vmss list"])
def test_azd_keeps_no_number_of_instances_that_azure_did_not_tell(machine: Machine, failing: str) -> None:
    assert machine.run("hooks/preprovision.sh", FAILS=failing).returncode != 0
    assert machine.calls("env set") == []


def test_azd_is_told_the_instances_that_run(machine: Machine) -> None:
    assert machine.run("hooks/preprovision.sh").returncode == 0
    assert machine.calls("env set") == ["env set BATCH_PRESENT_INSTANCES cpu-cluster=2"]


@pytest.mark.parametrize(("answer", "instances"), [("echo false", ""), ("echo", "cpu-cluster=2\n")])
def test_only_a_plain_false_says_that_nothing_is_there_yet(machine: Machine, answer: str, instances: str) -> None:
    machine.play("az", AZ.replace("echo true", answer))
    assert machine.run("hooks/present-instances.sh", "x").stdout == instances


@pytest.mark.parametrize("script", ["deploy.sh x y", "hooks/preprovision.sh", "hooks/postprovision.sh", "package.sh x"])
def test_all_is_asked_and_done_in_the_subscription_of_azd(machine: Machine, script: str) -> None:
    variables = {"AZURE_CONTAINER_REGISTRY_NAME": "r", "BATCH_SCORER_IMAGE_TAG": "t", "AZURE_SUBSCRIPTION_ID": "of azd"}
    assert machine.run(*script.split(), **variables).returncode == 0
    for call in machine.calls():
        assert ("--subscription of azd" in call) == (not call.startswith("env set")), call


def test_a_package_that_is_refused_is_a_failure_that_says_what_to_do(machine: Machine) -> None:
    run = machine.run("package.sh", "x", FAILS="config-zip")
    assert run.returncode == 1
    assert "infra/package.sh x inside of the network" in run.stderr


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
        return run.stdout.splitlines()

    computes = 'computes=[{"name": "gpu", "vmSize": "s", "spot": true}]'
    assert given(f"privateNetwork=true\r\n\r\n{computes}\r\n") == ["x", "y", "privateNetwork=true", computes]
    assert given("") == ["x", "y"]


PLAYED_COMMAND = """#!/bin/sh
printf '%s %s\\n' "${0##*/}" "$*" >>"$CALLED"
[ "${0##*/}" != modinfo ] || exit "$MODINFO"
[ "${0##*/}" != nvidia-ctk ] || touch "${4#--output=}"
"""
COMMANDS = ("apt-get", "wget", "gpg", "dpkg", "modprobe", "modinfo")


def _gpu_script(tmp_path: Path, *commands: str, modinfo: int) -> list[str]:
    """What the script calls on a machine that has `commands`, its folders being the test's."""
    binaries, called = tmp_path / "bin", tmp_path / "called"
    for folder in ("bin", "etc/apt/sources.list.d", "usr/share/keyrings"):
        (tmp_path / folder).mkdir(parents=True)
    for name in commands:
        (binaries / name).write_text(PLAYED_COMMAND)
        (binaries / name).chmod(0o755)
    script = (INFRA / "node/gpu.sh").read_text("utf-8").replace("/etc/", f"{tmp_path}/etc/")
    script = script.replace("/usr/share/", f"{tmp_path}/usr/share/")
    environment = {"PATH": f"{binaries}:{os.environ['PATH']}", "CALLED": str(called), "MODINFO": str(modinfo)}
    subprocess.run(["sh", "-c", script], env=environment, check=True)
    return called.read_text().splitlines()


@pytest.mark.parametrize(("modinfo", "installs"), [(0, 0), (1, 1)])
def test_a_machine_with_a_new_kernel_gets_the_modules_for_it(tmp_path: Path, modinfo: int, installs: int) -> None:
    calls = _gpu_script(tmp_path, *COMMANDS, "nvidia-ctk", modinfo=modinfo)
    installed = [call for call in calls if call.startswith("apt-get") and " install " in call]
    assert len(installed) == installs
    assert all(f"linux-modules-nvidia-580-server-{os.uname().release}" in call for call in installed)


def test_the_engine_can_read_the_description_of_the_gpus_whoever_writes_it(tmp_path: Path) -> None:
    calls = _gpu_script(tmp_path, *COMMANDS, "nvidia-ctk", modinfo=0)
    assert any("cdi generate --feature-flag=no-additional-gids-for-device-nodes" in call for call in calls)
    kept = (tmp_path / "etc/nvidia-container-toolkit/nvidia-cdi-refresh.env").read_text()
    assert kept == "NVIDIA_CTK_CDI_GENERATE_FEATURE_FLAGS=no-additional-gids-for-device-nodes\n"


def test_the_hooks_key_is_made_once_and_handed_to_azd(machine: Machine, tmp_path: Path) -> None:
    for name in ("infra/hooks", ".azure/x"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / ".azure/x/nodes-key.pub").write_text("ssh-rsa made\n")
    for name in ("az.sh", "hooks/preprovision.sh", "hooks/present-instances.sh"):
        (tmp_path / "infra" / name).write_text((INFRA / name).read_text("utf-8"))
    environment = machine.environment | {"BATCH_SSH_PUBLIC_KEY": ""}
    subprocess.run(["sh", "infra/hooks/preprovision.sh"], cwd=tmp_path, env=environment, check=True)
    assert machine.calls("env set")[0] == "env set BATCH_SSH_PUBLIC_KEY ssh-rsa made"


def test_azd_asks_for_no_key_which_its_hook_makes_but_no_machine_goes_without() -> None:
    parameters = json.loads((INFRA / "main.parameters.json").read_text("utf-8"))["parameters"]
    assert parameters["sshPublicKey"]["value"] == "${BATCH_SSH_PUBLIC_KEY}"
    assert "param sshPublicKey string = ''" in (INFRA / "main.bicep").read_text("utf-8")
    assert "@minLength(1)\nparam sshPublicKey string\n" in (INFRA / "app/compute.bicep").read_text("utf-8")
