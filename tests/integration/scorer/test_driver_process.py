"""The driver as a process of its own, in this and in older versions of Python."""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from scorer_container.node.answers import BadAnswerError, DeadlinePassedError, ProcessEndedError
from scorer_container.node.conversation import Conversation
from scorer_container.node.log_pump import LogPump
from scorer_container.node.scoring_process import ProcessCommand, ScoringProcess
from tests.integration.scorer.played_app import wait_until

pytestmark = pytest.mark.integration

SCRIPT = """
import frames, rows_of_mine

def init():
    print("ready to score")

def run(mini_batch):
    return [frames.mine + rows_of_mine.mine + open(f).read() for f in mini_batch]

def shutdown():
    print("goodbye")
"""


def interpreters() -> list[str]:
    """This Python, and the older ones of this machine."""
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    older = [str(path) for minor in (7, 8, 9, 10) for path in versions.glob(f"3.{minor}.*/bin/python")]
    on_path = [shutil.which(f"python3.{minor}") for minor in (7, 8, 9, 10)]
    return [sys.executable, *(path for path in (*older, *on_path) if path and works(path))]


def works(interpreter: str) -> bool:
    """A version manager may offer a name without the Python."""
    return subprocess.run([interpreter, "-V"], check=False, capture_output=True).returncode == 0


def start(interpreter: str, folder: Path, script: str = SCRIPT) -> ScoringProcess:
    """A process whose script imports modules that are called like the driver's own."""
    (folder / "score.py").write_text(script)
    (folder / "frames.py").write_text("mine = 'a'")
    (folder / "rows_of_mine.py").write_text("mine = 'b'")
    setup = {"kind": "script", "script": str(folder / "score.py"), "code": str(folder), "logging_level": "Info"}
    return ScoringProcess(ProcessCommand(Path(interpreter), {"PATH": os.environ["PATH"]}, folder, setup))


def command(files: list[Path]) -> dict[str, object]:
    names = [str(file) for file in files]
    return {
        "type": "run",
        "job": "j",
        "mini_batch": 0,
        "files": names,
        "names": names,
        "format": "csv",
        "collect": True,
    }


def agree(question: dict[str, object]) -> dict[str, object]:
    return {"type": "columns", "agreed": question["proposed"]}


@pytest.mark.parametrize("interpreter", interpreters())
def test_a_script_runs_in_any_python_and_its_modules_are_not_hidden(interpreter, tmp_path):
    process = start(interpreter, tmp_path)
    printed = bytearray()
    process.stdout.target = process.stderr.target = printed.extend
    process.pump_with(LogPump())
    assert process.receive(time.monotonic() + 30, "ready")[0] == {"type": "ready", "has_shutdown": True}
    (tmp_path / "in.txt").write_text("c")
    header, payload = Conversation(process, command([tmp_path / "in.txt"]), 30, agree).next("result", "failed")
    assert (header["rows"], header["succeeded"], payload) == (1, 1, b"abc\n")
    typed = {**command([tmp_path / "in.txt"]), "format": "parquet", "job": "another"}
    assert Conversation(process, typed, 30, agree).next("result", "failed")[1] == b'[["abc"]]\n'
    assert process.finish(10) is None
    process.close()
    assert printed.decode() == "ready to score\ngoodbye\n"


@pytest.mark.parametrize(
    ("body", "limit", "error_type", "message"),
    [
        ("raise OSError('disk full')", 30, "OSError", "disk full"),
        ("import os; os._exit(3)", 30, "ProcessEndedError", "took the process down: it ended with exit code 3"),
        ("import time; time.sleep(60)", 0.5, "TimeoutError", "did not end within 0.5 s"),
        (
            "import threading, time; threading.Thread(target=time.sleep, args=(60,)).start()",
            2,
            "",
            "threads, child processes or exit handlers of the script did not end; the process was ended after 2 s",
        ),
    ],
)
def test_a_shutdown_that_fails_is_told(tmp_path, body, limit, error_type, message):
    process = start(sys.executable, tmp_path, f"def run(m):\n    return m\n\ndef shutdown():\n    {body}\n")
    process.receive(time.monotonic() + 30, "ready")
    problem = process.finish(limit)
    process.close()
    assert (problem["error_type"], problem["message"]) == (error_type, message)


INTO_THE_PIPE = """
import os, struct

def run(mini_batch):
    for descriptor in range(3, 4096):
        try:
            os.write(descriptor, struct.pack(">IQ", 2, 1 << 60) + b"{}")
        except OSError:
            pass
    return mini_batch
"""


def test_what_a_script_writes_into_the_pipe_is_no_answer(tmp_path):
    process = start(sys.executable, tmp_path, INTO_THE_PIPE)
    process.receive(time.monotonic() + 30, "ready")
    with pytest.raises(BadAnswerError, match="claims to have 1,152,921,504,606,846,976 bytes"):
        Conversation(process, command([]), 30, agree).next("result", "failed")
    process.kill()
    process.close()


STOPS = """
import os, signal, threading

def init():
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGSTOP)).start()

def run(mini_batch):
    return mini_batch
"""


def test_a_process_that_was_stopped_does_not_hold_the_node(tmp_path):
    process = start(sys.executable, tmp_path, STOPS)
    process.receive(time.monotonic() + 30, "ready")
    wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "the process stops", 20)
    more_than_a_pipe_holds = command([tmp_path / ("a" * 200)] * 10_000)
    with pytest.raises(DeadlinePassedError):
        Conversation(process, more_than_a_pipe_holds, 0.3, agree)
    process.kill()
    process.close()


def test_a_script_that_closes_all_descriptors_ends_its_process(tmp_path):
    process = start(sys.executable, tmp_path, "import os\ndef run(m):\n    os.closerange(3, 256)\n    return m\n")
    process.receive(time.monotonic() + 30, "ready")
    with pytest.raises(ProcessEndedError):
        Conversation(process, command([]), 30, agree).next("result", "failed")
    assert "as the script has closed the descriptors that lead to its node" in process.ending()
    process.close()


def test_only_one_process_answers_when_a_script_forks(tmp_path):
    process = start(sys.executable, tmp_path, "import os\ndef run(m):\n    os.fork()\n    return [len(m)]\n")
    process.receive(time.monotonic() + 30, "ready")
    for count in range(4):
        files = [tmp_path / "in.txt"] * count
        assert Conversation(process, command(files), 30, agree).next("result")[1] == f"{count}\n".encode()
    process.kill()
    process.close()


def test_the_end_of_the_pipe_ends_a_process_that_is_busy(tmp_path):
    process = start(sys.executable, tmp_path, "import time\ndef run(m):\n    time.sleep(300)\n")
    process.receive(time.monotonic() + 30, "ready")
    process.send(command([]), time.monotonic() + 30)
    process.close()
    wait_until(lambda: "exit code 0" in process.ending(), "the process ends", 20)
