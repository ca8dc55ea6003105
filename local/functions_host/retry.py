"""Function retry: `@app.retry` on timer functions."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from typing import Any

from local.functions_host.errors import FunctionLoadError
from local.functions_host.functions import RetryPolicy

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
