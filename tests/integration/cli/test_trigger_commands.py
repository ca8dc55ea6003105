"""Triggers and schedules by options and by files."""

import pytest

from tests.integration.cli.conftest import Bml, Project

pytestmark = pytest.mark.integration

PATH = "azureml://datastores/workspaceblobstore/paths"
SETTINGS = """\
settings: {mini_batch_size: 3, retry_settings: {timeout: 20}, environment_variables: {FAST: true}}
tags: {team: blue}
webhooks: {ops: "http://127.0.0.1:9/jobs"}
output: {path: azureml://datastores/workspaceblobstore/paths/results}
"""
MEMBERS = {
    "miniBatchSize": 3,
    "retrySettings": {"timeout": "PT20S"},
    "environmentVariables": {"FAST": "true"},
    "tags": {"team": "blue"},
    "outputDataset": {"path": "results", "datastoreId": "workspaceblobstore"},
}


@pytest.fixture
def endpoint(bml: Bml, project: Project) -> str:
    assert bml("endpoint", "create", "--file", project.endpoint_file()).code == 0
    return project.name


def test_a_trigger_is_made_changed_stopped_and_deleted(bml: Bml, project: Project, endpoint: str) -> None:
    name = ("-n", project.name)
    words = ("--path", f"{PATH}/{project.name}", "--ends-with", ".csv", "-e", endpoint, "--disabled", "-m", 5)
    made = bml("trigger", "create", *name, *words).json
    assert (made["is_enabled"], made["input"], made["invocation"]) == (False, "file", {"miniBatchSize": 5})
    assert bml("trigger", "enable", *name).json["is_enabled"]
    changed = bml("trigger", "update", *name, "--ends-with", ".done", "--input", "folder", "--max-retries", 1).json
    assert (changed["ends_with"], changed["input"]) == (".done", "folder")
    assert changed["invocation"] == {"miniBatchSize": 5, "retrySettings": {"maxRetries": 1}}
    assert (changed["jobs_started"], changed["problems"], changed["is_enabled"]) == (0, 0, True)
    assert not bml("trigger", "disable", *name).json["is_enabled"]
    assert project.name in bml("trigger", "list", "-o", "table").out
    assert "nothing to update" in bml("trigger", "update", *name).err
    assert bml("trigger", "delete", *name, "--yes").code == 0
    assert bml("trigger", "show", *name).code == 3


def test_a_trigger_is_made_by_a_file_with_options_over_it(bml: Bml, project: Project, endpoint: str) -> None:
    text = f"name: {project.name}\npath: {PATH}/in\ninput: folder\nends_with: _SUCCESS\nendpoint: {endpoint}\n"
    file = project.write("trigger.yml", text + SETTINGS)
    made = bml("trigger", "create", "--file", file, "--path", f"{PATH}/{project.name}", "--max-retries", 7).json
    assert (made["path"], made["ends_with"], made["input"]) == (f"{PATH}/{project.name}", "_SUCCESS", "folder")
    invocation = made["invocation"]
    assert invocation.pop("notificationSetting")["webhooks"]["ops"]["url"] == "http://127.0.0.1:9/jobs"
    assert invocation == MEMBERS | {"retrySettings": {"timeout": "PT20S", "maxRetries": 7}}
    wrong = bml("trigger", "create", "--file", project.write("wrong.yml", text.replace("path:", "pth:")))
    assert (wrong.code, "line 2: unknown key `pth` (did you mean `path`?)" in wrong.err) == (6, True), wrong.err
    assert "the trigger has no endpoint" in bml("trigger", "create", "-n", "x", "--path", f"{PATH}/x").err
    assert bml("trigger", "delete", "-n", project.name, "--yes").code == 0


def test_a_schedule_is_made_by_a_file_with_options_over_it(bml: Bml, project: Project, endpoint: str) -> None:
    project.write("data/a.csv", project.name)
    text = f"name: {project.name}\ncron: '0 3 * * *'\nstart_time: 2100-01-01T00:00:00\nendpoint: {endpoint}\n"
    file = project.write("schedule.yml", f"{text}input: {{path: ./data}}\n{SETTINGS}")
    made = bml("schedule", "create", "-f", file, "--time-zone", "Europe/Berlin", "--disabled").json
    assert (made["cron"], made["time_zone"], made["is_enabled"]) == ("0 3 * * *", "Europe/Berlin", False)
    assert made["start_time"] == "2100-01-01T00:00:00"
    assert made["invocation"].items() >= MEMBERS.items()
    assert made["invocation"]["dataset"]["dataInputType"] == "DatasetId"
    other = bml("schedule", "create", "-f", file, "-u", "azureml:workspaceblobstore", "-p", "orders", "--disabled").json
    assert other["invocation"]["dataset"] == {"dataInputType": "DataUrl", "path": f"{PATH}/orders"}
    assert bml("schedule", "delete", "-n", project.name, "--yes").code == 0
