"""One episode: one run of an orchestrator against its whole history and the waiting messages."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

from local.functions_host.app.functions import FunctionRunner
from local.functions_host.durable.hub import history
from local.functions_host.durable.hub.errors import FunctionNotFoundError
from local.functions_host.durable.hub.history import Event
from local.functions_host.durable.hub.registry import DurableFunctions
from local.functions_host.durable.hub.rows import Instance, Message
from local.functions_host.durable.hub.store import TaskHub
from local.functions_host.durable.replayer import Decision, Failed, Replayer
from local.functions_host.durable.state import OrchestratorState, read_state

_CONTEXT = {
    "upperSchemaVersion": 1,
    "upperSchemaVersionNew": 2,
    "longRunningTimerIntervalDuration": "3.00:00:00",
    "maximumShortTimerDuration": "6.00:00:00",
    # The extension's own spelling.
    "defaultHttpAsyncRequestSleepTimeMillseconds": 30000,
}
"""The facts about itself that the extension tells the SDK, with the Azure Storage backend."""


@dataclass(frozen=True)
class Episode:
    """An instance with its past and what is new.

    Attributes:
        past: JSON texts of the events of earlier episodes.
        messages: what is taken from the inbox, including messages for generations that are over.
        new: `OrchestratorStarted` and the events of the messages, in order of arrival.
    """

    instance: Instance
    past: Sequence[str]
    messages: Sequence[Message]
    new: Sequence[Event] = field(default_factory=tuple)

    def context_json(self) -> str:
        """Return the trigger value of the orchestrator function."""
        parent = json.loads(self.instance.parent_json) if self.instance.parent_json else None
        head = {
            "instanceId": self.instance.instance_id,
            "isReplaying": bool(self.past),
            "parentInstanceId": parent["OrchestrationInstance"]["InstanceId"] if parent else None,
        } | _CONTEXT
        events = ", ".join([*self.past, *map(json.dumps, self.new)])
        text = json.dumps(head)[:-1]
        return f'{text}, "input": {self.instance.input_json or "null"}, "history": [{events}]}}'

    def events(self) -> list[Event]:
        """Return the whole history: the past events and the new ones."""
        return [*map(json.loads, self.past), *self.new]


def load_episode(hub: TaskHub, instance_id: str, batch: int | None) -> Episode | None:
    """Return the next episode of an instance, or None if there is nothing to do.

    Messages for instances that are finished or purged are deleted.
    """
    messages = hub.inbox(instance_id, batch)
    if not messages:
        return None
    instance = hub.instance(instance_id)
    if instance is None or instance.status.finished:
        with hub.transaction():
            hub.forget(instance_id, ("inbox",))
        return None
    current = [m for m in messages if m.execution_id in (None, instance.execution_id)]
    new = [history.orchestrator_started(), *(json.loads(m.event_json) for m in current)]
    return Episode(instance, hub.history(instance_id), messages, new if current else [])


async def run_episode(
    episode: Episode, runner: FunctionRunner, functions: DurableFunctions
) -> tuple[Decision, OrchestratorState]:
    """Call the orchestrator, and return the results of its answer."""
    instance = episode.instance
    try:
        name = functions.orchestrator(instance.name)
    except FunctionNotFoundError as error:
        reason = f"Orchestrator function '{instance.name}' failed: {error}"
        return Decision(end=Failed(reason, str(error))), OrchestratorState()
    state = read_state(await runner.run(name, episode.context_json()))
    replayer = Replayer(name=instance.name, execution_id=instance.execution_id, state=state, functions=functions)
    return replayer.replay(episode.events()), state
