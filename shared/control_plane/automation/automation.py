"""The common part of schedules and blob triggers: the check of their invocations, and the notes of their runs."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from shared.contracts.automation import AutomationProperties, EndpointInvocation
from shared.contracts.bodies import ArmModel, parse_model
from shared.contracts.invoke import InvokeProperties
from shared.control_plane.endpoints.resolution import resolve_deployment
from shared.control_plane.resource_table import ResourceTable, WriteConditions
from shared.control_plane.workspace import Workspace
from shared.errors import ValidationError
from shared.signatures import check_webhooks
from shared.storage.rows import Row, RowTable

DEFINITION = "properties.action.endpointInvocationDefinition.properties"
"""The member that holds the body of the invocations."""

Automation = TypeVar("Automation", bound=AutomationProperties)
"""The properties of a kind of automation."""

Notes = TypeVar("Notes", bound=ArmModel)
"""The notes of an automation."""


@dataclass(frozen=True)
class AutomationNotes(Generic[Notes]):
    """Notes of the runs of each automation. They are stored apart, because a note does not change the resource."""

    table: RowTable[Notes]
    partition: str

    @classmethod
    def of(cls, workspace: Workspace, partition: str, notes: type[Notes]) -> "AutomationNotes[Notes]":
        """Return the notes of this workspace."""
        return cls(RowTable(workspace.account.tables, workspace.table, notes), partition)

    def find(self, name: str) -> Row[Notes] | None:
        """Return the notes of an automation with their ETag, or None if it has done nothing yet."""
        return self.table.find(self.partition, name.lower())

    def put(self, name: str, notes: Notes) -> None:
        """Overwrite the notes of an automation."""
        self.table.put(self.partition, name.lower(), notes)

    def update(self, name: str, change: Callable[[Row[Notes] | None], Notes]) -> None:
        """Write what `change` makes of the current notes; raises PreconditionFailedError after many lost races."""
        self.table.update(self.partition, name.lower(), change)

    def forget(self, name: str) -> None:
        """Delete the notes of an automation."""
        self.table.delete(self.partition, name.lower())


def delete_automation(
    table: ResourceTable[Automation], notes: AutomationNotes[Notes], name: str, conditions: WriteConditions
) -> bool:
    """Delete an automation. Its jobs stay. Return False if it was not there."""
    row = table.find(name)
    if row is None:
        return False
    table.delete(row, conditions)
    notes.forget(name)
    return True


def invocation_body(invocation: EndpointInvocation, naming: str) -> InvokeProperties:
    """Return the body of the invocations. Raises ValidationError. `naming` says how jobs get their names."""
    body = parse_model(InvokeProperties, invocation.properties, prefix=DEFINITION)
    if body.name:
        raise ValidationError(f"{DEFINITION}.name {body.name!r} is not allowed: {naming}", target=f"{DEFINITION}.name")
    return body


def check_targets(workspace: Workspace, properties: AutomationProperties, body: InvokeProperties) -> None:
    """Raise NotFoundError or ValidationError if an enabled automation names a wrong endpoint or webhook."""
    if not properties.is_enabled:
        return  # a missing endpoint must not keep anybody from disabling it
    resolve_deployment(workspace, properties.invocation.endpoint, properties.invocation.deployment)
    check_webhooks(workspace.settings, body.notification_setting, f"{DEFINITION}.notificationSetting")
