"""azure.yaml, the hooks and the workflows: they name things that exist, and pin what they use."""

import json
import re
import subprocess
from base64 import b64encode
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.infra.bicep_files import INFRA, REPOSITORY, file_named

pytestmark = pytest.mark.unit

WORKFLOWS = sorted((REPOSITORY / ".github/workflows").glob("*.yml"))
SCRIPTS = sorted(INFRA.rglob("*.sh"))


def _yaml(path: Path) -> dict[Any, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def test_azd_finds_template_service_and_hooks() -> None:
    project = _yaml(REPOSITORY / "azure.yaml")
    assert (REPOSITORY / project["infra"]["path"] / f"{project['infra']['module']}.bicep").is_file()
    (service,) = project["services"]
    assert f"'azd-service-name': '{service}'" in file_named("app/function-app.bicep").text
    for hook in project["hooks"].values():
        assert (REPOSITORY / hook["run"]).stat().st_mode & 0o100, f"{hook['run']} cannot be executed"


def test_variables_of_the_hooks_are_given_by_azd_or_by_the_templates_outputs() -> None:
    outputs = file_named("main.bicep").outputs.keys()
    parameters = json.loads((INFRA / "main.parameters.json").read_text(encoding="utf-8"))["parameters"]
    set_by_hooks = set(re.findall(r"azd env set (\w+)", (INFRA / "hooks/preprovision.sh").read_text("utf-8")))
    assert set_by_hooks <= set(re.findall(r"\$\{(\w+)", json.dumps(parameters)))
    scripts = ("hooks/postprovision.sh", "image.sh", "switched-off.sh")
    used = {name for one in scripts for name in re.findall(r"\$\{?([A-Z]\w+)", (INFRA / one).read_text("utf-8"))}
    set_by_hand = {"BATCH_IMAGE_BUILD", "BATCH_KEEP_SWITCHED_OFF"}
    assert used <= outputs | {"AZURE_ENV_NAME"} | set_by_hand


def test_a_checkout_on_windows_keeps_the_line_ends_of_what_runs_on_linux() -> None:
    for name in ("infra/node/gpu.sh", "infra/node/cloud-init.yaml", "infra/node/batch_node.py", "infra/deploy.sh"):
        command = ["git", "check-attr", "eol", "text", "--", name]
        said = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
        assert said == f"{name}: eol: lf\n{name}: text: auto\n"


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.name)
def test_scripts_are_plain_shell_that_stops_at_errors(script: Path) -> None:
    assert script.read_text("utf-8").startswith("#!/bin/sh\n")
    assert "\nset -eu\n" in script.read_text("utf-8")
    subprocess.run(["sh", "-n", script], check=True)


def test_awk_gets_values_of_several_lines_from_the_environment_as_that_of_macos_wants_it() -> None:
    given = {name for script in SCRIPTS for name in re.findall(r"-v (\w+)=", script.read_text("utf-8"))}
    assert given <= {"name", "needed", "on"}, "these have one line each"


def test_the_package_of_the_function_app_is_the_same_by_both_ways() -> None:
    script = (INFRA / "package.sh").read_text("utf-8")
    (packed,) = re.findall(r"git archive .* HEAD (.+)", script)
    ignored = {line.rstrip("/") for line in (REPOSITORY / ".funcignore").read_text("utf-8").splitlines()}
    tracked = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    top = {line.split("/")[0] for line in tracked.splitlines() if not line.startswith(".")}
    left = {name for name in top if name not in ignored and not name.endswith(".md")}
    assert left - {"local.settings.sample.json"} == set(packed.split())


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda path: path.name)
def test_workflows_pin_actions_by_commit_and_ask_for_few_rights(workflow: Path) -> None:
    content = _yaml(workflow)
    assert content["permissions"] == {"contents": "read"}
    for used in re.findall(r"uses: (.+)", workflow.read_text("utf-8")):
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v[\d.]+", used), used
    for job in content["jobs"].values():
        assert job["timeout-minutes"] <= 60
    assert "secrets." not in workflow.read_text("utf-8")


def test_ci_runs_what_contributors_run() -> None:
    steps = [step.get("run", "") for step in _yaml(REPOSITORY / ".github/workflows/ci.yml")["jobs"]["check"]["steps"]]
    assert ".ci/run" in steps
    assert (REPOSITORY / ".ci/run").is_file()


def test_a_deployed_machine_gets_its_files_filled_in() -> None:
    template = (INFRA / "node/cloud-init.yaml").read_text("utf-8")
    assert template.startswith("#cloud-config\n")
    placeholders = re.findall(r'"\{(\w+)\}"', template)
    bicep = file_named("app/compute.bicep").text
    assert sorted(placeholders) == ["gpu", "program", "registry", "settings"]
    assert all(f"'{{{name}}}'" in bicep for name in placeholders)
    assert len(re.findall(r"\{(?:gpu|program|registry|settings)\}", template)) == 4, "once each: all are filled in"


def test_a_machines_files_fit_into_what_azure_hands_over() -> None:
    contents = {
        "settings": b"s" * 4_000,
        "program": (INFRA / "node/batch_node.py").read_bytes(),
        "registry": (REPOSITORY / "scorer_container/agent/registry.py").read_bytes(),
        "gpu": (INFRA / "node/gpu.sh").read_bytes(),
    }
    filled = (INFRA / "node/cloud-init.yaml").read_text("utf-8")
    for name, content in contents.items():
        filled = filled.replace(f"{{{name}}}", b64encode(content).decode())
    assert len(b64encode(filled.encode())) <= 65_535, "the limit of a machine's customData, encoded"


def test_what_a_machine_starts_is_what_is_written_to_it() -> None:
    cloud_init = yaml.safe_load((INFRA / "node/cloud-init.yaml").read_text("utf-8"))
    files = {file["path"]: file for file in cloud_init["write_files"]}
    unit = files["/etc/systemd/system/batch-node.service"]["content"]
    before, started = re.findall(r"^ExecStart(?:Pre)?=(.+)$", unit, re.MULTILINE)
    assert set(started.split()[1:]) <= files.keys()
    assert before.startswith("+/bin/sh "), "with root's rights"
    assert set(before.split()[1:]) <= files.keys()
    (user,) = [one for one in cloud_init["users"] if isinstance(one, dict)]
    assert f"User={user['name']}" in unit
    assert f"After=network-online.target user@{user['uid']}.service" in unit, "it makes the folder of the engine"
    assert f"XDG_RUNTIME_DIR=/run/user/{user['uid']}" in unit
    assert "StateDirectory=batch\n" in unit
    assert not user["homedir"].startswith("/var/lib/batch"), "the node's container could write the engine's settings"
    assert user["uid"] == 10001, "the image's user, as the folder belongs to both"
    assert ["systemctl", "enable", "--now", "batch-node.service"] in cloud_init["runcmd"]


def test_every_rule_of_the_compiler_is_an_error_or_argued() -> None:
    text = (INFRA / "bicepconfig.json").read_text("utf-8")
    rules = json.loads(re.sub(r"^\s*//.*$", "", text, flags=re.MULTILINE))["analyzers"]["core"]["rules"]
    for name, one in rules.items():
        argued = re.search(rf'// .{{40,}}\n\s*"{name}"', text)
        assert one["level"] == "error" or (one["level"] == "off" and argued), name
    assert {
        "use-user-defined-types",
        "use-recent-api-versions",
        "no-module-name",
        "use-stable-vm-image",
    } <= rules.keys()


def test_ci_compiles_with_the_version_that_the_scripts_ask_for() -> None:
    (needed,) = re.findall(r"^bicep_needed=(.+)$", (INFRA / "bicep.sh").read_text("utf-8"), re.MULTILINE)
    assert f"az bicep install --version v{needed}\n" in (REPOSITORY / ".github/workflows/ci.yml").read_text("utf-8")
    for page in ("deploy.md", "operate.md", "infra.md"):
        assert f"Bicep {needed}" in (REPOSITORY / "docs" / page).read_text("utf-8"), page


def test_the_sample_names_parameters_of_the_template() -> None:
    text = (INFRA / "sample.bicepparam").read_text("utf-8")
    assert set(re.findall(r"^param (\w+) =", text, re.MULTILINE)) <= file_named("main.bicep").parameters.keys()
