import os
import subprocess
import sys

import psutil
import pytest

from local.processes.process import ProcessIdentity, end, kill_session
from local.processes.program import last_lines, roll_log

pytestmark = pytest.mark.integration

# Prints the pid of a child that ignores SIGTERM, then waits.
PARENT = """
import subprocess, sys
deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
child = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
child.stdout.readline()
print(child.pid, flush=True)
sys.stdin.read()
"""

FIRST_THREAD_ENDS = """
import ctypes, sys, threading
threading.Thread(target=sys.stdin.read).start()
ctypes.CDLL(None).pthread_exit(None)
"""


@pytest.fixture
def family(is_alive):
    """A process in a session of its own, and the pid of its child."""
    process = subprocess.Popen(
        [sys.executable, "-c", PARENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, start_new_session=True
    )
    child = int(process.stdout.readline())
    yield process, child
    process.kill()
    process.communicate()
    if is_alive(child):
        os.kill(child, 9)


def test_an_identity_belongs_to_one_process(family):
    identity = ProcessIdentity.of(family[0].pid)
    later = ProcessIdentity(identity.pid, identity.create_time - 60)
    assert identity.is_running()
    assert not later.is_running()
    family[0].kill()
    family[0].wait()
    assert not identity.is_running()
    assert ProcessIdentity.of(identity.pid) is None


def test_a_process_lives_until_its_last_thread_is_dead(eventually):
    with subprocess.Popen([sys.executable, "-c", FIRST_THREAD_ENDS], stdin=subprocess.PIPE) as process:
        identity = ProcessIdentity.of(process.pid)
        eventually(lambda: psutil.Process(process.pid).status() == psutil.STATUS_ZOMBIE, what="the first thread's end")
        assert identity.is_running()
        process.kill()
        eventually(lambda: not identity.is_running(), what="the end, although nobody has asked for the exit status")


def test_end_takes_the_children_along(family, is_alive):
    process, child = family
    end([ProcessIdentity.of(process.pid)], grace_seconds=10)
    assert not is_alive(process.pid)
    assert not is_alive(child)


def test_end_leaves_a_process_alone_that_got_the_pid_later(family, is_alive):
    process, child = family
    identity = ProcessIdentity.of(process.pid)
    end([ProcessIdentity(identity.pid, identity.create_time - 60)], grace_seconds=0.1)
    assert is_alive(process.pid)
    assert is_alive(child)


def test_what_a_dead_process_left_in_its_session_is_found(family, eventually, is_alive):
    process, child = family
    kill_session(process.pid)
    assert is_alive(child), "the leader still runs"
    process.kill()
    process.wait()
    kill_session(process.pid)
    eventually(lambda: not is_alive(child), what="the end of the child")


def test_the_last_lines_of_a_log(tmp_path):
    log = tmp_path / "a.log"
    assert last_lines(log) == ""
    log.write_text("\n".join(map(str, range(5000))))
    assert last_lines(log, 2) == "4998\n4999"


def test_a_log_that_grew_too_long_is_set_aside(tmp_path):
    log = tmp_path / "logs" / "a.log"
    roll_log(log)
    log.write_text("short")
    roll_log(log)
    assert log.read_text() == "short"
    os.truncate(log, 21 * 1024 * 1024)
    roll_log(log)
    assert [file.name for file in log.parent.iterdir()] == ["a.log.1"]
