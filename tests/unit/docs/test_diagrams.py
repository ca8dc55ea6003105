"""The diagrams of the pages use the code's own names."""

import ast
import re
from pathlib import Path

import pytest

from shared.contracts import messages
from shared.contracts.job import JobStatus
from shared.contracts.names import task_queue, ticket_queue
from shared.jobs.store import may_follow

pytestmark = pytest.mark.unit

ROOT = Path(__file__).resolve().parents[3]
DOCS = ROOT / "docs"
QUEUES = {
    *(messages.JOB_REQUESTS, messages.JOB_NUDGES, messages.JOB_NOTIFICATIONS),
    *(messages.PURGE_REQUESTS, messages.BLOB_EVENTS, ticket_queue("name"), task_queue("id")),
}


def diagrams(page: str, kind: str) -> list[str]:
    """The diagrams of a page whose first line begins with `kind`."""
    return re.findall(rf"```mermaid\n{kind}[^\n]*\n(.*?)```", (DOCS / page).read_text(), re.DOTALL)


def edges(diagram: str) -> list[tuple[str, str]]:
    """The arrows of a diagram, without their labels."""
    return re.findall(r"^\s*([\w*\[\]]+) -->(?:\|[^|]*\|)? ([\w*\[\]]+)", diagram, re.MULTILINE)


def test_the_diagram_of_states_agrees_with_the_state_machine() -> None:
    [diagram] = diagrams("architecture.md", "stateDiagram")
    inner = edges(diagram[diagram.index("{") : diagram.index("}")])
    unfinished = {state for edge in inner for state in edge} - {"[*]"}
    assert unfinished | {"CancelRequested"} == {state.value for state in JobStatus if not state.is_terminal}
    for old, new in edges(diagram):
        if old == "[*]":
            assert new in {"Unfinished", JobStatus.NOT_STARTED}
        elif new == "[*]":
            assert JobStatus(old).is_terminal
        else:
            for state in unfinished if old == "Unfinished" else {old}:
                assert may_follow(JobStatus(state), JobStatus(new)), f"{state} --> {new}"
    shown = {state for edge in edges(diagram) for state in edge}
    assert shown - {"[*]", "Unfinished"} == {state.value for state in JobStatus}


def test_the_diagram_of_steps_names_every_activity() -> None:
    [diagram] = diagrams("one-job-through-the-code.md", "flowchart")
    tree = ast.parse((ROOT / "shared" / "triggers" / "background" / "activities.py").read_text())
    activities = {
        node.name for node in tree.body if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    }
    assert {step for edge in edges(diagram) for step in edge} == activities


def test_the_diagram_of_the_system_names_every_queue() -> None:
    [diagram] = diagrams("architecture.md", "flowchart")
    assert set(re.findall(r'\(\["([^"]+)"\]\)', diagram)) == QUEUES
