import threading
from typing import Any

import pytest

from scorer_container.node.progress import LaneProgress, ProgressReporter
from shared.contracts.progress import JobFailure, ProgressRow

pytestmark = pytest.mark.unit

FAILURE = JobFailure(step="init", message="init() raised OSError: no weights")


class Table:
    """The rows in memory; a write takes until `answer` is set."""

    def __init__(self) -> None:
        self.rows: dict[str, ProgressRow] = {}
        self.asked = threading.Event()
        self.answer = threading.Event()

    def put(self, _partition: str, key: str, row: ProgressRow) -> None:
        self.asked.set()
        assert self.answer.wait(30)
        self.rows[key] = row


class Reporter(ProgressReporter):
    """Tells when `teller` has taken note of its failure and is about to write it."""

    teller: threading.Thread | None = None
    noted = threading.Event()

    def flush(self) -> None:
        if threading.current_thread() is self.teller:
            self.noted.set()
        super().flush()


def test_a_failure_that_comes_while_the_row_is_being_written_is_written_after_it() -> None:
    table: Any = Table()
    reporter = Reporter(table, "job", "node-0", print)
    reporter.update(0, LaneProgress(current_task=3))
    writer = threading.Thread(target=reporter.flush)
    writer.start()
    assert table.asked.wait(30)
    reporter.teller = threading.Thread(target=reporter.report_fatal, args=(0, FAILURE))
    reporter.teller.start()
    assert reporter.noted.wait(30)
    table.answer.set()
    writer.join()
    reporter.teller.join()
    assert table.rows["node-0:0"].fatal == FAILURE
    assert table.rows["node-0:0"].current_task == 3
    reporter.close(write=True)
