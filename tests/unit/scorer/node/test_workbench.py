import threading

import pytest

from scorer_container.node.workbench import Workbench
from shared.storage.hot_path.errors import StoppedError

pytestmark = pytest.mark.unit


def test_the_end_ends_a_program_with_what_it_has_started_and_lets_no_other_start():
    bench = Workbench(print)
    ended = []

    def on_line(line):
        threading.Thread(target=lambda: ended.append(bench.end())).start()

    with pytest.raises(StoppedError):
        bench.run(["sh", "-c", "echo begun; sleep 300 & wait"], {}, on_line)
    with pytest.raises(StoppedError):
        bench.run(["true"], {}, print)


def test_a_program_answers_with_its_exit_code_and_all_that_it_printed(tmp_path):
    heard = []
    answer = Workbench(print).run(["/bin/sh", "-c", "echo one; echo two >&2; exit 3"], {}, heard.append)
    assert answer == (3, heard) == (3, ["one", "two"])


def test_nothing_is_held_after_the_end(tmp_path):
    bench = Workbench(print)
    bench.end()
    with pytest.raises(StoppedError):
        bench.hold(tmp_path / "models" / "m")
