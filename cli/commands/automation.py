"""The common part of schedules and triggers: their verbs, and the action that starts their jobs."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import click

from cli.api.views import snake_names
from cli.api.workspace import Resource, Workspace
from cli.commands.verb import confirm, in_workspace, name_option, shown, yes_option
from cli.invocation.overrides import put_override, put_webhook
from shared.contracts.settings_table import SETTINGS, put, wire_keys

if TYPE_CHECKING:
    from cli.yaml_files.deployment_form import SettingKeys
    from cli.yaml_files.invocation_forms import StartedJobForm


@dataclass(frozen=True)
class AutomationVerbs:
    """The verbs of one kind of automation."""

    kind: str
    """`schedule` or `trigger`."""
    collection: str
    """The segment in paths of the API."""
    columns: tuple[str, ...]
    """Columns of tables."""
    view: Callable[[Resource], dict[str, Any]]
    """Turns a resource into what users see."""

    def show(self, help_text: str) -> click.Command:
        """Return `show`."""

        def show(workspace: Workspace, name: str) -> dict[str, Any]:
            return self.view(workspace.get(f"{self.collection}/{name}"))

        return self._verb("show", help_text, show)

    def list(self) -> click.Command:
        """Return `list`."""

        @click.command("list", help=f"List all {self.kind}s.")
        @shown(*self.columns)
        @in_workspace
        def list_all(workspace: Workspace) -> list[dict[str, Any]]:
            return [self.view(automation) for automation in workspace.list(self.collection)]

        return list_all

    def enable(self, help_text: str) -> click.Command:
        """Return `enable`."""
        return self._verb("enable", help_text, lambda workspace, name: self._switch(workspace, name, enabled=True))

    def disable(self, help_text: str) -> click.Command:
        """Return `disable`."""
        return self._verb("disable", help_text, lambda workspace, name: self._switch(workspace, name, enabled=False))

    def delete(self) -> click.Command:
        """Return `delete`."""

        @click.command("delete", help=f"Delete a {self.kind}; its jobs stay.")
        @name_option(f"The {self.kind}.")
        @yes_option
        @shown()
        @in_workspace
        def delete(workspace: Workspace, name: str, yes: bool) -> None:
            workspace.get(f"{self.collection}/{name}")
            confirm(f"Delete the {self.kind} {name}?", yes)
            workspace.delete(f"{self.collection}/{name}")

        return delete

    def _verb(self, name: str, help_text: str, action: Callable[[Workspace, str], dict[str, Any]]) -> click.Command:
        @click.command(name, help=help_text)
        @name_option(f"The {self.kind}.")
        @shown(*self.columns)
        @in_workspace
        def verb(workspace: Workspace, name: str) -> dict[str, Any]:
            return action(workspace, name)

        return verb

    def _switch(self, workspace: Workspace, name: str, *, enabled: bool) -> dict[str, Any]:
        path = f"{self.collection}/{name}"
        properties = workspace.get(path)["properties"]
        return self.view(workspace.put(path, {"properties": {**properties, "isEnabled": enabled}}))


def automation_view(automation: Resource) -> dict[str, Any]:
    """Return the part of a view that both kinds have: whether it is enabled, and what it invokes."""
    properties = automation["properties"]
    invocation = properties["action"]["endpointInvocationDefinition"]
    return {
        "name": automation["name"],
        "id": automation["id"],
        "description": properties.get("description"),
        "is_enabled": properties["isEnabled"],
        "endpoint": invocation["endpoint"],
        "deployment": invocation.get("deployment"),
        "invocation": invocation["properties"],
        "creation_context": snake_names(automation.get("systemData") or {}),
    }


def invoke_action(form: "StartedJobForm", input_members: Mapping[str, Any], body: dict[str, Any]) -> dict[str, Any]:
    """Return `action`: the form's invocation, overridden by `body`, which comes from options."""
    properties = merged(merged(_members(form), input_members), body)
    invocation = {"endpoint": form.endpoint, "deployment": form.deployment, "properties": properties}
    return {"actionType": "InvokeBatchEndpoint", "endpointInvocationDefinition": invocation}


def merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Return `below` overridden by `above`. A mapping that is in both is merged."""
    both = {key: merged(below[key], above[key]) for key in below.keys() & above.keys() if isinstance(above[key], dict)}
    return {**below, **above, **both}


def _members(form: "StartedJobForm") -> dict[str, Any]:
    from cli.invocation.data import place_output

    output = form.output
    members = place_output(output.path, output.type) if output and output.path else {}
    _put_settings(members, form.settings)
    if form.tags:
        members["tags"] = dict(form.tags)
    for name, url in form.webhooks.items():
        put_webhook(members, f"{name}={url}")
    return members


def _put_settings(members: dict[str, Any], settings: "SettingKeys") -> None:
    from cli.yaml_files.deployment_form import value_in

    for setting in SETTINGS:
        value = value_in(settings, setting.key)
        if setting.type is dict:
            for key, text in (value or {}).items():
                put(members, [*wire_keys(setting.job_member), key], text)
        elif value is not None:
            put_override(members, setting.key, value)
