"""What schedules and blob triggers have in common: resources that invoke an endpoint by themselves."""

from typing import Any, Literal

from pydantic import Field

from shared.contracts.resources import ArmModel, TextMap


class EndpointInvocation(ArmModel):
    """What is invoked: the same as a message on `job-requests`."""

    endpoint: str = Field(min_length=1)
    deployment: str | None = None
    properties: dict[str, Any]
    """`properties` of the body of an invocation."""


class InvokeAction(ArmModel):
    """What is done each time (Azure ML's schedules have the same action)."""

    action_type: Literal["InvokeBatchEndpoint"]
    endpoint_invocation_definition: EndpointInvocation


class JobStarterProperties(ArmModel):
    """ARM `properties` of each; the kinds differ in their `trigger`."""

    display_name: str | None = None
    description: str | None = None
    is_enabled: bool = True
    action: InvokeAction
    tags: TextMap = Field(default_factory=dict)
    properties: TextMap = Field(default_factory=dict)

    @property
    def invocation(self) -> EndpointInvocation:
        """What is invoked each time."""
        return self.action.endpoint_invocation_definition
