"""What the host knows about each function of the app."""

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local.functions_host.app.errors import FunctionLoadError

HTTP_TRIGGER = "httpTrigger"
QUEUE_TRIGGER = "queueTrigger"
TIMER_TRIGGER = "timerTrigger"
ORCHESTRATION_TRIGGER = "orchestrationTrigger"
ACTIVITY_TRIGGER = "activityTrigger"
DURABLE_CLIENT = "durableClient"
HTTP_OUTPUT = "http"
QUEUE_OUTPUT = "queue"
RETURN_BINDING = "$return"
OUT = "OUT"


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
        """The property `key` as text."""
        value = self.properties.get(key)
        return default if value is None else str(value)


@dataclass(frozen=True)
class RetryPolicy:
    """`@app.retry`: how often and after how many seconds a failed invocation is repeated.

    Attributes:
        max_count: repetitions, -1 for ever.
        exponential: whether the pause grows from `minimum` to `maximum`; else it is `minimum`.
    """

    max_count: int
    minimum: float
    maximum: float
    exponential: bool


@dataclass(frozen=True)
class FunctionRecord:
    """One function of the app.

    Attributes:
        name: unique in the app.
        bindings: in the order in which the SDK lists them.
        trigger: the one binding that starts the function.
        retry: the policy of `@app.retry`.
    """

    name: str
    bindings: tuple[Binding, ...]
    trigger: Binding
    retry: RetryPolicy | None = None

    @property
    def outputs(self) -> tuple[Binding, ...]:
        """The output bindings, `$return` among them."""
        return tuple(binding for binding in self.bindings if binding.direction == OUT)

    @property
    def durable_clients(self) -> tuple[Binding, ...]:
        """The bindings that hand the function a durable client."""
        return tuple(binding for binding in self.bindings if binding.type == DURABLE_CLIENT)


_FOREVER = float(2**31 - 1)


def retry_policy(function: str, settings: Mapping[str, Any]) -> RetryPolicy:
    """The policy behind the SDK's `retry_policy` settings.

    Raises:
        FunctionLoadError: a count or interval has the wrong form, or the strategy is unknown.
    """
    strategy = settings.get("strategy")
    count = _count(function, settings.get("max_retry_count"))
    if strategy == "fixed_delay":
        delay = _seconds(function, "delay_interval", settings.get("delay_interval"))
        return RetryPolicy(count, delay, delay, exponential=False)
    if strategy == "exponential_backoff":
        minimum = _seconds(function, "minimum_interval", settings.get("minimum_interval") or "00:00:00")
        longest = settings.get("maximum_interval")
        maximum = _seconds(function, "maximum_interval", longest) if longest else _FOREVER
        return RetryPolicy(count, minimum, maximum, exponential=True)
    raise FunctionLoadError(function, f"retry strategy {strategy!r}; use fixed_delay or exponential_backoff")


def retry_delay(policy: RetryPolicy, attempt: int) -> float:
    """Seconds to wait before repetition number `attempt` (the first is 0)."""
    if not policy.exponential:
        return policy.minimum
    grown = policy.minimum * random.uniform(0.8, 1.2) * 2.0 ** min(attempt, 40)  # noqa: S311 - jitter, no secret
    return float(min(max(grown, policy.minimum), policy.maximum))


def _count(function: str, value: Any) -> int:
    try:
        return int(value)
    except (TypeError, ValueError):
        raise FunctionLoadError(function, f"max_retry_count is {value!r}; use a whole number, -1 for ever") from None


def _seconds(function: str, name: str, value: Any) -> float:
    try:
        parsed = time.strptime(str(value), "%H:%M:%S")
    except ValueError:
        raise FunctionLoadError(function, f"{name} is {value!r}; write it as hh:mm:ss") from None
    return parsed.tm_hour * 3600.0 + parsed.tm_min * 60 + parsed.tm_sec
