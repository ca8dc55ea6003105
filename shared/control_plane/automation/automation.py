"""What schedules and blob triggers have in common: what they may invoke, and the notes of what they did."""

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
"""Where the body of the invocations is."""

Automation = TypeVar("Automation", bound=AutomationProperties)
"""The properties of a kind."""

Notes = TypeVar("Notes", bound=ArmModel)
"""What is noted of one of a kind."""


@dataclass(frozen=True)
class AutomationNotes(Generic[Notes]):
    """What each of a kind did; beside the resources, so that noting it is no change of one."""

    table: RowTable[Notes]
    partition: str

    @classmethod
    def of(cls, workspace: Workspace, partition: str, notes: type[Notes]) -> "AutomationNotes[Notes]":
        """Those in the workspace."""
        return cls(RowTable(workspace.account.tables, workspace.table, notes), partition)

    def find(self, name: str) -> Row[Notes] | None:
        """The notes of one, with their ETag; None when it did nothing yet."""
        return self.table.find(self.partition, name.lower())

    def put(self, name: str, notes: Notes) -> None:
        """Write them over those of before."""
        self.table.put(self.partition, name.lower(), notes)

    def update(self, name: str, change: Callable[[Row[Notes] | None], Notes]) -> None:
        """Write what `change` makes of the current notes; raises PreconditionFailedError after many lost races."""
        self.table.update(self.partition, name.lower(), change)

    def forget(self, name: str) -> None:
        """Remove them."""
        self.table.delete(self.partition, name.lower())


def delete_automation(
    table: ResourceTable[Automation], notes: AutomationNotes[Notes], name: str, conditions: WriteConditions
) -> bool:
    """Delete one; its jobs stay. False when it was not there."""
    row = table.find(name)
    if row is None:
        return False
    table.delete(row, conditions)
    notes.forget(name)
    return True


def invocation_body(invocation: EndpointInvocation, naming: str) -> InvokeProperties:
    """The body of the invocations; raises ValidationError. `naming` says what jobs are named after."""
    body = parse_model(InvokeProperties, invocation.properties, prefix=DEFINITION)
    if body.name:
        raise ValidationError(f"{DEFINITION}.name {body.name!r} is not allowed: {naming}", target=f"{DEFINITION}.name")
    return body


def check_targets(workspace: Workspace, properties: AutomationProperties, body: InvokeProperties) -> None:
    """Raise NotFoundError or ValidationError for what an enabled one names: the endpoint and who is told."""
    if not properties.is_enabled:
        return  # what is no longer there must not keep anybody from stopping it
    resolve_deployment(workspace, properties.invocation.endpoint, properties.invocation.deployment)
    check_webhooks(workspace.settings, body.notification_setting, f"{DEFINITION}.notificationSetting")
