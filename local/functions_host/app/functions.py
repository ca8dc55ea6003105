"""What the host knows about each function of the app."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

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
        """The bindings that hand the function a durable client."""
        return tuple(binding for binding in self.bindings if binding.type == DURABLE_CLIENT)
