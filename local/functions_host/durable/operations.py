"""The operations of a durable client: start, show, send an event, purge."""

import json
import logging

from local.functions_host.durable.commit import new_execution_id, start_instance
from local.functions_host.durable.hub import history
from local.functions_host.durable.hub.errors import (
    InstanceFinishedError,
    InstanceInUseError,
    InstanceNotFoundError,
    InvalidRequestError,
    NotOfferedError,
)
from local.functions_host.durable.hub.history import Event
from local.functions_host.durable.hub.registry import DurableFunctions
from local.functions_host.durable.hub.rows import (
    Instance,
    Message,
    RuntimeStatus,
    check_instance_id,
    new_instance_id,
)
from local.functions_host.durable.hub.store import HubThread, TaskHub

log = logging.getLogger(__name__)


class InstanceOperations:
    """The client's side of the engine."""

    def __init__(self, hub: HubThread, functions: DurableFunctions) -> None:
        self._hub = hub
        self._functions = functions

    def _wake(self, instance_id: str) -> None:
        """Run an instance that got a message."""
        raise NotOfferedError(f"There is no engine to run instance {instance_id}.")

    async def start_new(
        self,
        name: str,
        instance_id: str | None = None,
        input_json: str | None = None,
        version: str = "",
    ) -> str:
        """Start an orchestration and return its instance id. A finished instance with that id is replaced.

        Args:
            input_json: JSON text of the `Input` field. The SDK's client sends a JSON string that holds
                JSON; an orchestrator can read that, or an object, but no other bare JSON value.

        Raises:
            FunctionNotFoundError: no such orchestrator.
            InvalidRequestError: the id cannot be used, or the input is not JSON.
            InstanceInUseError: the id belongs to an instance that is not finished.
        """
        name = self._functions.orchestrator(name)
        instance_id = check_instance_id(instance_id or new_instance_id())
        if input_json is not None:
            _check_json(input_json)
        now = history.utc_now()
        instance = Instance(
            instance_id=instance_id,
            execution_id=new_execution_id(),
            name=name,
            version=version or self._functions.default_version,
            status=RuntimeStatus.PENDING,
            input_json=input_json,
            output=None,
            custom_status_json=None,
            created=now,
            updated=now,
        )
        await self._hub(_start_unless_in_use, instance)
        log.info("Orchestration %s (%s): started.", name, instance_id)
        self._wake(instance_id)
        return instance_id

    async def instance(self, instance_id: str) -> Instance:
        """Return the instance as it is now.

        Raises:
            InstanceNotFoundError: there is none with this id.
        """
        instance = await self._hub(TaskHub.instance, instance_id)
        if instance is None:
            raise InstanceNotFoundError(f"No instance with ID '{instance_id}' found.")
        return instance

    async def history(self, instance_id: str) -> list[Event]:
        """Return the events of an instance's current generation."""
        return [json.loads(text) for text in await self._hub(TaskHub.history, instance_id)]

    async def raise_event(self, instance_id: str, name: str, input_json: str = "null") -> None:
        """Send an external event.

        Raises:
            InstanceNotFoundError, InstanceFinishedError: no instance can receive the event.
            InvalidRequestError: the payload is not JSON, or the event has no name.
        """
        if not name:
            raise InvalidRequestError("The event name is empty.")
        _check_json(input_json)
        await self._send(instance_id, history.event_raised(name, input_json))

    async def purge(self, instance_id: str) -> None:
        """Delete a finished instance with its history.

        Raises:
            InstanceNotFoundError: there is no finished instance with this id.
        """
        await self._hub(_purge, instance_id)

    async def _send(self, instance_id: str, event: Event) -> None:
        await self._hub(_post_unless_finished, Message(instance_id, json.dumps(event)))
        self._wake(instance_id)


def _check_json(text: str) -> None:
    try:
        json.loads(text)
    except ValueError as error:
        raise InvalidRequestError(f"Invalid JSON content: {error}.") from error


def _start_unless_in_use(hub: TaskHub, instance: Instance) -> None:
    with hub.transaction():
        existing = hub.instance(instance.instance_id)
        if existing is not None and not existing.status.finished:
            raise InstanceInUseError(f"An Orchestration instance with the status {existing.status} already exists.")
        start_instance(hub, instance)


def _post_unless_finished(hub: TaskHub, message: Message) -> None:
    with hub.transaction():
        instance = hub.instance(message.instance_id)
        if instance is None:
            raise InstanceNotFoundError(f"No instance with ID '{message.instance_id}' found.")
        if instance.status.finished:
            raise InstanceFinishedError(f"Instance '{message.instance_id}' is {instance.status}.")
        hub.post(message)


def _purge(hub: TaskHub, instance_id: str) -> None:
    instance = hub.instance(instance_id)
    if instance is None:
        raise InstanceNotFoundError(f"No instance with ID '{instance_id}' found.")
    if not instance.status.finished:
        raise InstanceNotFoundError(f"Instance '{instance_id}' is {instance.status}; only finished ones are purged.")
    hub.purge(instance_id)
