"""The answer of an orchestrator function: the state that the SDK returns, or hides in its error text."""

import json
from dataclasses import dataclass, field
from typing import Any

from local.functions_host.app.functions import Outcome

STATE_LABEL = "$OutOfProcData$:"
"""The label before the JSON of the state, in the error text of a failed orchestrator."""

SCHEMAS = (1, 2)
"""Values of `schemaVersion` (the protocol's V2 and V3) in which the actions are one flat list."""


@dataclass(frozen=True)
class OrchestratorState:
    """One answer of an orchestrator function.

    Attributes:
        actions: all actions of the whole replay, one for each `yield`.
        is_done: the function returned, or called `continue_as_new`.
        output_json: JSON text of what it returned; None when it returned None.
        error: why it failed; empty when it did not.
        details: what a failed sub-orchestration reports to its parent after the reason.
        custom_status_json: JSON text of the custom status; None if it is not set.
    """

    actions: list[dict[str, Any]] = field(default_factory=list)
    is_done: bool = False
    output_json: str | None = None
    error: str = ""
    details: str = ""
    custom_status_json: str | None = None


def read_state(outcome: Outcome) -> OrchestratorState:
    """Return the state in an outcome. A failure without the label becomes a state with that error."""
    if outcome.succeeded:
        return _from_json(outcome.return_value, stack="")
    data = _labelled(outcome.error)
    if data is None:
        return _failed(outcome.error, outcome.stack)
    return _from_json(data, stack=outcome.stack)


def _labelled(error: str) -> dict[str, Any] | None:
    """Return the JSON object after the label. Try each label, because the user's own text may contain it too."""
    start = error.find(STATE_LABEL)
    while start >= 0:
        start += len(STATE_LABEL)
        try:
            data, _ = json.JSONDecoder().raw_decode(error[start:].lstrip())
        except ValueError:
            data = None
        if isinstance(data, dict) and "actions" in data:
            return data
        start = error.find(STATE_LABEL, start)
    return None


def _from_json(value: object, *, stack: str) -> OrchestratorState:
    try:
        data = _decoded(value)
    except ValueError:
        return _failed("The data returned by the out-of-process function execution was not valid json.", stack)
    schema = data.get("schemaVersion", 0)
    if schema not in SCHEMAS:
        accepted = ", ".join(map(str, SCHEMAS))
        return _failed(f"schemaVersion is {schema!r}; this host accepts {accepted}.", stack)
    outer = data.get("actions")
    if not isinstance(outer, list) or len(outer) != 1:
        return _failed("'actions' must be a list that holds exactly one list of actions.", stack)
    error = str(data.get("error") or "")
    return OrchestratorState(
        actions=outer[0],
        is_done=bool(data.get("isDone")),
        output_json=_json_or_none(data.get("output")),
        error=error,
        details=_details(error, stack) if error else "",
        custom_status_json=_json_or_none(data.get("customStatus")),
    )


def _decoded(value: object) -> dict[str, Any]:
    """Return the object: workers hand over the object, its JSON text, or that text as a JSON string."""
    for _ in range(2):
        if isinstance(value, (str, bytes)):
            value = json.loads(value)
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - a content error, handled like bad JSON
    return value


def _failed(error: str, stack: str) -> OrchestratorState:
    return OrchestratorState(error=error, details=_details(error, stack))


def _details(error: str, stack: str) -> str:
    return f"Message: {error}, StackTrace: {stack}"


def _json_or_none(value: object) -> str | None:
    return None if value is None else json.dumps(value)
