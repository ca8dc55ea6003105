"""The traces of jobs, read from the telemetry in a data folder."""

import json
from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from local.data_folder.layout import DataFolder

Span = dict[str, Any]
"""A line of `traces.jsonl` (shared/observability/files.py)."""

_INDENT = "· "


def job_trace(data_dir: Path, job: str) -> list[dict[str, Any]]:
    """Return the steps of a job in the order of their start. Each comes after the step that it belongs to.

    The list is empty if the job never existed or ran long ago, or if telemetry goes elsewhere.
    """
    spans = sorted(_spans(DataFolder(data_dir.absolute()), job), key=lambda span: str(span["time"]))
    known = {span["span_id"] for span in spans}
    steps = defaultdict[str | None, list[Span]](list)
    for span in spans:
        steps[span["parent_id"] if span["parent_id"] in known else None].append(span)
    return [_shown(span, depth, spans[0]) for span, depth in _in_order(steps, None, 0)]


def _spans(folder: DataFolder, job: str) -> Iterator[Span]:
    for path in folder.telemetry.glob("*/traces.jsonl*"):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                # A line may be half written. The next call finds it whole.
                if job in line and line.endswith("\n"):
                    span = json.loads(line)
                    if span.get("batch.job") == job:
                        yield span


def _in_order(steps: dict[str | None, list[Span]], parent: str | None, depth: int) -> Iterator[tuple[Span, int]]:
    for span in steps[parent]:
        yield span, depth
        yield from _in_order(steps, span["span_id"], depth + 1)


def _shown(span: Span, depth: int, first: Span) -> dict[str, Any]:
    begin = datetime.fromisoformat(span["time"]) - datetime.fromisoformat(first["time"])
    number = span.get("batch.mini_batch", span.get("batch.task", span.get("batch.part", "")))
    return {
        "step": f"{_INDENT * depth}{span['name']} {number}".rstrip(),
        "begin": round(begin.total_seconds(), 3),
        "seconds": round(span["seconds"], 3),
        "node": span.get("batch.node", ""),
        "problem": span["problem"] or "",
        "trace_id": span["trace_id"],
        "span_id": span["span_id"],
    }
