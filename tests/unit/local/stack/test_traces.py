import json
from pathlib import Path

import pytest

from local.stack.traces import job_trace

pytestmark = pytest.mark.unit


def span(second: int, name: str, own: str, parent: str | None, **more: object) -> str:
    line = {
        "time": f"2026-01-01T12:00:{second:02}.500000+00:00",
        "seconds": 0.25,
        "name": name,
        "trace_id": "t",
        "span_id": own,
        "parent_id": parent,
        "problem": None,
        "batch.job": "nightly",
    }
    return json.dumps({**line, **more}) + "\n"


def written(data_dir: Path, process: str, *lines: str) -> None:
    folder = data_dir / "telemetry" / process
    folder.mkdir(parents=True)
    (folder / "traces.jsonl").write_text("".join(lines))


def test_steps_of_all_processes_come_in_order_each_behind_its_own(tmp_path: Path) -> None:
    """They are written when they have ended, so inner ones come first."""
    task = {"batch.task": 3, "batch.node": "n1"}
    failed = {**task, "batch.mini_batch": 7, "problem": "ValueError: x"}
    written(tmp_path, "n1", span(6, "mini_batch", "m", "t3", **failed), span(5, "task", "t3", "i", **task))
    other = span(2, "invoke", "o", None, **{"batch.job": "nightly-2"})
    plan = span(3, "plan", "p", "i", **{"batch.part": "size_work"})
    written(tmp_path, "app", span(2, "invoke", "i", "the caller's"), other, plan, span(9, "merge", "g", "i"))
    steps = [(step["step"], step["begin"], step["node"], step["problem"]) for step in job_trace(tmp_path, "nightly")]
    assert steps == [
        ("invoke", 0.0, "", ""),
        ("· plan size_work", 1.0, "", ""),
        ("· task 3", 3.0, "n1", ""),
        ("· · mini_batch 7", 4.0, "n1", "ValueError: x"),
        ("· merge", 7.0, "", ""),
    ]


def test_what_is_still_being_written_is_left_for_the_next_look(tmp_path: Path) -> None:
    written(tmp_path, "app", span(2, "invoke", "i", None), span(3, "plan", "p", "i")[:-20])
    assert [step["step"] for step in job_trace(tmp_path, "nightly")] == ["invoke"]
    assert job_trace(tmp_path, "unknown") == []
