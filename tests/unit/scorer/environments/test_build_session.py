import os
import signal
import sys
import threading
import time

import pytest

from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.environments.build_session import BuildEndedError, BuildSession

pytestmark = pytest.mark.unit


@pytest.fixture
def session() -> BuildSession:
    return BuildSession(print, FoldersInUse())


def test_the_end_ends_a_program_with_what_it_has_started_and_lets_no_other_start(session):
    def on_line(_line):
        threading.Thread(target=session.end).start()

    with pytest.raises(BuildEndedError):
        session.run(["/bin/sh", "-c", "echo begun; sleep 300 & wait"], {}, on_line)
    with pytest.raises(BuildEndedError):
        session.run(["true"], {}, print)


def test_a_program_answers_with_its_exit_code_and_all_that_it_printed(session):
    heard = []
    answer = session.run(["/bin/sh", "-c", "echo one; printf 'two  \\r\\nthree' >&2; exit 3"], {}, heard.append)
    assert answer == (3, heard) == (3, ["one", "two", "three"])


def test_a_program_that_closes_its_output_may_go_on(session, tmp_path):
    script = f"exec >&- 2>&-; sleep 0.1; : > {tmp_path / 'done'}; exit 4"
    assert session.run(["/bin/sh", "-c", script], {}, print) == (4, [])
    assert (tmp_path / "done").exists()


def test_a_program_that_takes_too_long_is_killed(session):
    code, lines = session.run(["/bin/sh", "-c", "echo begun; sleep 300"], {}, print, seconds=0.2)
    assert (code, lines) == (-signal.SIGKILL, ["begun"])


def test_a_child_that_a_program_leaves_behind_holds_nobody(session):
    """A cache server of a compiler keeps the output of the build open that has started it."""
    stray = "import os, sys, time; os.setsid(); time.sleep(300)"
    script = f"import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {stray!r}]).pid, flush=True)"
    started = time.monotonic()
    code, lines = session.run([sys.executable, "-c", script], {}, print)
    os.kill(int(lines[0]), signal.SIGKILL)
    assert code == 0
    assert time.monotonic() - started < 60
