"""Output bindings that the host writes after a function has returned: queue messages."""

from __future__ import annotations

import traceback

from local.functions_host.converters import Datum
from local.functions_host.functions import QUEUE_OUTPUT, RETURN_BINDING, FunctionRecord
from local.functions_host.invocation import Outcome
from local.functions_host.queue_clients import QueueClients
from local.functions_host.queue_messages import encode_body, output_bodies
from local.functions_host.queue_names import queue_of
from local.functions_host.queue_wakeups import QueueWakeUps
from local.functions_host.settings import AppSettings


class QueueOutputs:
    """Writes the queue outputs of functions; a failure to write fails the invocation."""

    def __init__(self, clients: QueueClients, wakeups: QueueWakeUps, settings: AppSettings, *, is_base64: bool) -> None:
        self._clients = clients
        self._wakeups = wakeups
        self._settings = settings
        self._is_base64 = is_base64

    async def write(self, function: FunctionRecord, outcome: Outcome) -> Outcome:
        """`outcome` itself after all queue outputs were written, or a failed one."""
        try:
            for binding in function.outputs:
                if binding.type != QUEUE_OUTPUT:
                    continue
                is_return = binding.name == RETURN_BINDING
                datum = outcome.return_value if is_return else outcome.outputs.get(binding.name)
                if isinstance(datum, Datum) and datum.type is not None:
                    address = queue_of(binding, self._settings)
                    for body in output_bodies(datum):
                        await self._clients.send(address, encode_body(body, is_base64=self._is_base64))
                    self._wakeups.notify(address)
        except Exception as error:
            text = f"{type(error).__name__}: an output of {function.name} could not be written: {error}"
            return Outcome(succeeded=False, error=text, stack="".join(traceback.format_exception(error)))
        return outcome
