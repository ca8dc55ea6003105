"""What a schedule or a trigger invokes, as the management API spells it."""

from collections.abc import Mapping
from typing import Any

from cli.invocation.data import place_output
from cli.invocation.overrides import put, put_override, put_webhook
from cli.yaml_files.deployment_form import SettingKeys
from cli.yaml_files.invocation_forms import StartedJobForm


def invoke_action(form: StartedJobForm, input_members: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """`action`: the form's jobs, with the members of `body`, which options gave, over them."""
    properties = merged(merged(_members(form), input_members), body)
    invocation = {"endpoint": form.endpoint, "deployment": form.deployment, "properties": properties}
    return {"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": invocation}


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """`below` with the members of `above`; mappings that both have are merged."""
    both = {key: merged(below[key], above[key]) for key in below.keys() & above.keys() if isinstance(above[key], dict)}
    return {**below, **above, **both}


def _members(form: StartedJobForm) -> dict[str, Any]:
    output = form.output
    members = place_output(output.path, output.type) if output and output.path else {}
    _put_settings(members, form.settings)
    if form.tags:
        members["tags"] = dict(form.tags)
    for name, url in form.webhooks.items():
        put_webhook(members, f"{name}={url}")
    return members


def _put_settings(members: dict[str, Any], settings: SettingKeys) -> None:
    given = settings.model_dump(exclude_none=True)
    retry = {f"retry_settings.{key}": value for key, value in given.pop("retry_settings", {}).items()}
    for key, value in given.pop("environment_variables", {}).items():
        put(members, ["environmentVariables", key], value)
    for key, value in (given | retry).items():
        put_override(members, key, value)
