"""What the listeners and the durable engine of the host need from whoever runs the functions."""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from local.functions_host.app.functions import FunctionRecord


@dataclass(frozen=True)
class Outcome:
    """How one invocation ended.

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
        """Import the app and describe its functions; once in a process.

        Raises:
            FunctionsHostError: the app cannot be imported, or functions do not fit their bindings.
        """
        ...

    async def invoke(self, invocation: Invocation) -> Outcome:
        """Call one function; values of the outcome are data with a `type` and a `value`."""
        ...

    def stop(self) -> None:
        """Give up the threads; functions that still run are abandoned."""
        ...
