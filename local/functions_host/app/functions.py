"""The functions of the app, and how the host calls them."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

HTTP_TRIGGER = "httpTrigger"
QUEUE_TRIGGER = "queueTrigger"
TIMER_TRIGGER = "timerTrigger"
ORCHESTRATION_TRIGGER = "orchestrationTrigger"
ACTIVITY_TRIGGER = "activityTrigger"
DURABLE_CLIENT = "durableClient"
HTTP_OUTPUT = "http"
RETURN_BINDING = "$return"


@dataclass(frozen=True)
class Binding:
    """One binding, as its decorator describes it to the host.

    Attributes:
        name: the parameter of the function, or `$return`.
        type: for example `queueTrigger`.
        direction: `IN` or `OUT`.
        properties: all properties, with the names of function.json.
    """

    name: str
    type: str
    direction: str
    properties: Mapping[str, Any]

    def text(self, key: str, default: str = "") -> str:
        """Return the property `key` as text."""
        value = self.properties.get(key)
        return default if value is None else str(value)


@dataclass(frozen=True)
class FunctionRecord:
    """One function of the app.

    Attributes:
        name: unique in the app.
        bindings: in the order in which the SDK lists them.
        trigger: the one binding that starts the function.
        retried: True if the function is declared with `@app.retry`.
    """

    name: str
    bindings: tuple[Binding, ...]
    trigger: Binding
    retried: bool = False

    @property
    def durable_clients(self) -> tuple[Binding, ...]:
        """The bindings that give the function a durable client."""
        return tuple(binding for binding in self.bindings if binding.type == DURABLE_CLIENT)


@dataclass(frozen=True)
class Outcome:
    """The end of one invocation.

    Attributes:
        succeeded: False when the function raised or its result could not be converted.
        return_value: what the function returned: JSON text for orchestrator and activity triggers, an HTTP
            response datum, or None.
        error: `ExceptionType: message` as the Functions worker reports it; empty on success. For an
            orchestrator it carries the `$OutOfProcData$` label and the state of the replay.
        stack: the traceback text of a failed invocation.
    """

    succeeded: bool
    return_value: object | None = None
    error: str = ""
    stack: str = ""


@dataclass(frozen=True)
class Invocation:
    """One call of a function.

    Attributes:
        function: its name.
        inputs: data of the input bindings by parameter name.
        metadata: data that the trigger adds, such as a queue message's `DequeueCount`.
        id: unique for each call.
    """

    function: str
    inputs: Mapping[str, Any]
    metadata: Mapping[str, Any] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))


class FunctionRunner(Protocol):
    """Runs functions of the loaded app by name; the durable engine knows nothing else of the app."""

    async def run(self, function_name: str, trigger_value: object) -> Outcome:
        """Invoke `function_name` with the value of its trigger (a JSON text for durable triggers)."""
        ...


class Worker(Protocol):
    """Loads the app and calls its functions: the counterpart of Azure's Python worker."""

    def index(self) -> Sequence[FunctionRecord]:
        """Import the app and describe its functions. Call it once in a process.

        Raises:
            FunctionsHostError: the app cannot be imported, or functions do not fit their bindings.
        """
        ...

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Call one function. The values of the outcome are data with a `type` and a `value`."""
        ...

    def stop(self) -> None:
        """Abandon the threads and the functions that still run."""
        ...
