"""What the listeners and the durable engine of the host need from whoever runs the functions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Outcome:
    """How one invocation ended.

    Attributes:
        succeeded: False when the function raised or its result could not be converted.
        return_value: the value of the `$return` or implicit output binding: text (already JSON for
            orchestrator, activity and entity triggers), bytes, an HTTP response datum, or None.
        outputs: values of the other output bindings by binding name.
        error: `ExceptionType: message` as the Functions worker reports it; empty on success. For an
            orchestrator it carries the `$OutOfProcData$` label and the state of the replay.
        stack: the traceback text of a failed invocation.
    """

    succeeded: bool
    return_value: object | None = None
    outputs: Mapping[str, object] = field(default_factory=dict)
    error: str = ""
    stack: str = ""


class FunctionRunner(Protocol):
    """Runs functions of the loaded app by name; the durable engine knows nothing else of the app."""

    async def run(self, function_name: str, trigger_value: object) -> Outcome:
        """Invoke `function_name` with the value of its trigger (a JSON text for durable triggers)."""
        ...
