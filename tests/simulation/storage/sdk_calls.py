"""Blocking calls of the simulated server, with the retries and the errors of Azure's SDK.

They run in fibers (`run_in_executor` of the virtual loop), so that they wait on the virtual clock.
"""

from collections.abc import Callable
from typing import TypeVar

from azure.core.exceptions import (
    HttpResponseError,
    ResourceExistsError,
    ResourceModifiedError,
    ResourceNotFoundError,
    ServiceResponseError,
)

from tests.simulation.clock import sleep_in_fiber
from tests.simulation.fibers import Fiber
from tests.simulation.storage.errors import Silence, StorageFault
from tests.simulation.storage.network import Network
from tests.simulation.storage.server import Server

T = TypeVar("T")

TIMEOUT = 20.0
"""Seconds after which a call is given up. The SDK waits for a minute; its retries are what matters here."""
_PAUSES = (0.8, 1.6, 3.2)
"""Source: the SDK's default of three retries."""
LONGEST_CALL = (len(_PAUSES) + 1) * TIMEOUT + sum(_PAUSES)
_ERRORS = {404: ResourceNotFoundError, 409: ResourceExistsError, 412: ResourceModifiedError}


class SdkCalls:
    """Makes blocking calls, with the SDK's retries and the SDK's errors."""

    def __init__(self, server: Server, network: Network) -> None:
        self.server = server
        self._network = network

    def call(self, name: str, work: Callable[[], T], what: str = "") -> T:
        """Return the answer. Raise the SDK's error for a refusal, or ServiceResponseError if there is no answer."""
        for pause in (*_PAUSES, None):
            try:
                return self._call_once(name, work, what)
            except (Silence, StorageFault) as problem:
                if isinstance(problem, StorageFault) and problem.status < 500:
                    raise _error(problem) from None
                if pause is None:
                    raise _unanswered(problem) from None
            sleep_in_fiber(pause)
        raise AssertionError("the last try ends with an answer or an error")

    def _call_once(self, name: str, work: Callable[[], T], what: str) -> T:
        fiber = Fiber.current
        assert fiber is not None, f"a blocking call of storage ({name}) on the event loop"
        future = self._network.call(name, work, TIMEOUT, what)
        future.add_done_callback(lambda _: fiber.resume(), context=fiber.wake_context.copy())
        fiber.wait()
        return future.result()


def _error(fault: StorageFault) -> HttpResponseError:
    error = _ERRORS.get(fault.status, HttpResponseError)(message=fault.code)
    error.status_code = fault.status
    error.error_code = fault.code  # type: ignore[attr-defined]
    return error


def _unanswered(problem: Silence | StorageFault) -> Exception:
    return _error(problem) if isinstance(problem, StorageFault) else ServiceResponseError(str(problem))
