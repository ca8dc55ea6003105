"""The reference pages name everything that there is."""

import re
from pathlib import Path

import click
import pytest

from cli.command_tree import LazyGroup, bml
from cli.output import errors
from cli.yaml_files.asset_forms import DataFile, EnvironmentForm, ModelForm
from cli.yaml_files.deployment_form import CodeForm, DeploymentForm, SettingKeys
from cli.yaml_files.endpoint_form import EndpointForm
from cli.yaml_files.form import REFERENCE, Form
from cli.yaml_files.invocation_forms import InputForm, InvocationForm, ScheduleForm, TriggerForm
from cli.yaml_files.resource_forms import ComputeForm, CredentialsForm, DatastoreForm
from shared.contracts.settings_table import JOB_SETTINGS

pytestmark = pytest.mark.unit

DOCS = Path(__file__).resolve().parents[3] / "docs"
EVERYWHERE = {
    *("--help", "--output", "--query", "--only-show-errors", "--verbose", "--debug"),
    *("--data-dir", "--resource-group", "--workspace-name", "--type", "--tier"),
    *(option for setting in JOB_SETTINGS for option in setting.options),
}

FORMS = (
    EndpointForm,
    DeploymentForm,
    ModelForm,
    CodeForm,
    EnvironmentForm,
    SettingKeys,
    ComputeForm,
    DataFile,
    DatastoreForm,
    CredentialsForm,
    InvocationForm,
    InputForm,
    ScheduleForm,
    TriggerForm,
)


@pytest.mark.parametrize("form", FORMS)
def test_every_key_is_described(form: type[Form]) -> None:
    page = (DOCS / "yaml.md").read_text()
    keys = [field.alias or name for name, field in form.model_fields.items() if field.alias != REFERENCE]
    assert [key for key in keys if f"`{key}`" not in page and f".{key}`" not in page and f"`{key}." not in page] == []


def commands() -> list[tuple[str, click.Command]]:
    context = click.Context(bml)
    found = []
    for name in bml.list_commands(context):
        command = bml.get_command(context, name)
        assert command
        if isinstance(command, LazyGroup):
            verbs = [(verb, command.get_command(context, verb)) for verb in command.list_commands(context)]
            found += [(f"{name} {verb}", inner) for verb, inner in verbs if inner]
        else:
            found.append((name, command))
    return found


@pytest.mark.parametrize(("name", "command"), commands())
def test_every_verb_and_option_is_described(name: str, command: click.Command) -> None:
    page = (DOCS / "cli.md").read_text()
    heading = re.compile(rf"`bml {name.split(maxsplit=1)[0]}[ `]")
    (section,) = (part for part in page.split("\n## ") if heading.search(part.splitlines()[0]))
    assert name.rsplit(maxsplit=1)[-1] in section
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert [option for option in sorted(options - EVERYWHERE) if option not in section] == []


def test_what_many_commands_take_is_described_once() -> None:
    page = (DOCS / "cli.md").read_text()
    assert [option for option in sorted(EVERYWHERE) if option not in page] == ["--help", "--tier"]


def test_every_exit_code_is_described() -> None:
    page = (DOCS / "cli.md").read_text()
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.CliError)]
    assert len({kind.exit_code for kind in kinds}) == len(kinds)
    assert [kind for kind in kinds if f"| {kind.exit_code} |" not in page] == []
