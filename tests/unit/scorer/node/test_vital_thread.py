import subprocess
import sys

import pytest

from scorer_container.node.vital_thread import EXIT_CODE

pytestmark = pytest.mark.unit

PROGRAM = """
import threading
from scorer_container.node.vital_thread import VitalThread, die_with_vital_threads

def fail():
    raise ValueError("no such thing")

die_with_vital_threads()
thread = {kind}(target=fail, name="tasks", daemon=True)
thread.start()
thread.join()
print("lives on")
"""


def run(kind):
    command = [sys.executable, "-c", PROGRAM.format(kind=kind)]
    return subprocess.run(command, check=False, capture_output=True, text=True)


def test_a_process_does_not_outlive_a_thread_that_it_cannot_do_without():
    ended = run("VitalThread")
    assert (ended.returncode, ended.stdout) == (EXIT_CODE, "")
    assert "the node ends, as its thread tasks failed" in ended.stderr
    assert "ValueError: no such thing" in ended.stderr


def test_other_threads_may_fail():
    ended = run("threading.Thread")
    assert (ended.returncode, ended.stdout) == (0, "lives on\n")
    assert "ValueError: no such thing" in ended.stderr
