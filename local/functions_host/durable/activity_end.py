"""How the end of an activity is told to the orchestration: result, or reason and details."""

import json

from local.functions_host.app.invocation import Outcome
from local.functions_host.durable.hub.history import Event, task_completed, task_failed

_COR_E_EXCEPTION = -2146233088


def task_end(name: str, task_id: int, outcome: Outcome) -> Event:
    """`TaskCompleted` with the JSON text of the result, or `TaskFailed`."""
    if outcome.succeeded:
        return task_completed(task_id, _result(outcome.return_value))
    # The extension takes the text after "Exception:", which begins with a blank: hence two blanks.
    message = f" {outcome.error}"
    reason = f"Activity function '{name}' failed: {message}"
    return task_failed(task_id, reason, _details(message, outcome.stack))


def _result(value: object) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return value.decode() if isinstance(value, bytes) else json.dumps(value)


def _details(message: str, stack: str) -> str:
    """A .NET exception in JSON, as orchestrators find it behind the reason."""
    return json.dumps(
        {
            "$type": "System.Exception, System.Private.CoreLib",
            "ClassName": "System.Exception",
            "Message": message,
            "Data": None,
            "InnerException": None,
            "HelpURL": None,
            "StackTraceString": stack or None,
            "RemoteStackTraceString": None,
            "RemoteStackIndex": 0,
            "ExceptionMethod": None,
            "HResult": _COR_E_EXCEPTION,
            "Source": None,
            "WatsonBuckets": None,
        }
    )
