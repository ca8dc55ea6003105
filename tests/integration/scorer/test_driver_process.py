"""The driver as a process of its own, in this and in older versions of Python."""

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import psutil
import pytest

from scorer_container.node.processes.answers import BadAnswerError, DeadlinePassedError, ProcessEndedError
from scorer_container.node.processes.process import Conversation, ProcessCommand
from scorer_container.node.processes.scoring_process import ScoringProcess, start_process
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


Start = Callable[..., Awaitable[ScoringProcess]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    """Starts processes that end with the test."""
    started: list[ScoringProcess] = []

    async def start(script: str = SCRIPT, interpreter: str = sys.executable) -> ScoringProcess:
        """A process whose script imports modules that are called like the driver's own."""
        started.append(await start_process(command_of(tmp_path, script, interpreter)))
        return started[-1]

    yield start
    for process in started:
        await process.closed()


def command_of(folder: Path, script: str, interpreter: str = sys.executable) -> ProcessCommand:
    (folder / "score.py").write_text(script)
    (folder / "frames.py").write_text("mine = 'a'")
    (folder / "rows_of_mine.py").write_text("mine = 'b'")
    setup = {"kind": "script", "script": str(folder / "score.py"), "code": str(folder), "logging_level": "Info"}
    return ProcessCommand(Path(interpreter), {"PATH": os.environ["PATH"]}, folder, setup)


async def is_ready(process: ScoringProcess) -> ScoringProcess:
    async with asyncio.timeout(30):
        await process.receive("ready")
    return process


def command(files: list[Path], output_format: str = "csv", job: str = "j") -> dict[str, object]:
    names = [str(file) for file in files]
    return {
        "type": "run",
        "job": job,
        "mini_batch": 0,
        "files": names,
        "names": names,
        "format": output_format,
        "collect": True,
    }


async def agree(question: dict[str, object]) -> dict[str, object]:
    return {"type": "columns", "agreed": question["proposed"]}


async def asked(process: ScoringProcess, command: dict[str, object], seconds: float = 30) -> Conversation:
    conversation = Conversation(process, seconds, agree)
    await conversation.begin(command)
    return conversation


@pytest.mark.parametrize("interpreter", interpreters())
async def test_a_script_runs_in_any_python_and_its_modules_are_not_hidden(start, interpreter, tmp_path):
    process = await start(SCRIPT, interpreter)
    printed = bytearray()
    process.redirect(printed.extend, printed.extend)
    async with asyncio.timeout(30):
        assert (await process.receive("ready"))[0] == {"type": "ready", "has_shutdown": True}
    (tmp_path / "in.txt").write_text("c")
    header, payload = await (await asked(process, command([tmp_path / "in.txt"]))).next("result", "failed")
    assert (header["rows"], header["succeeded"], payload) == (1, 1, b"abc\n")
    typed = await asked(process, command([tmp_path / "in.txt"], "parquet", "another"))
    assert (await typed.next("result", "failed"))[1] == b'[["abc"]]\n'
    assert await process.finish(10) is None
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
async def test_a_shutdown_that_fails_is_told(start, body, limit, error_type, message):
    process = await is_ready(await start(f"def run(m):\n    return m\n\ndef shutdown():\n    {body}\n"))
    problem = await process.finish(limit)
    assert (problem["error_type"], problem["message"]) == (error_type, message)
    assert not process.is_running


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


async def test_what_a_script_writes_into_the_pipe_is_no_answer(start):
    process = await is_ready(await start(INTO_THE_PIPE))
    with pytest.raises(BadAnswerError, match="claims to have 1,152,921,504,606,846,976 bytes"):
        await (await asked(process, command([]))).next("result", "failed")


STOPS = """
import os, signal, threading

def init():
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGSTOP)).start()

def run(mini_batch):
    return mini_batch
"""


async def test_a_process_that_was_stopped_does_not_hold_the_node(start, tmp_path):
    process = await is_ready(await start(STOPS))
    wait_until(lambda: psutil.Process(process.pid).status() == psutil.STATUS_STOPPED, "the process stops", 20)
    more_than_a_pipe_holds = command([tmp_path / ("a" * 200)] * 10_000)
    with pytest.raises(DeadlinePassedError):
        await asked(process, more_than_a_pipe_holds, 0.3)


async def test_a_command_that_is_larger_than_the_pipe_arrives_whole(start, tmp_path):
    process = await is_ready(await start("def run(m):\n    return [len(m), sum(map(len, m))]\n"))
    files = [tmp_path / ("a" * 200)] * 20_000
    _, rows = await (await asked(process, command(files))).next("result")
    assert rows.split() == [b"20000", str(20_000 * len(str(files[0]))).encode()]


async def test_an_answer_that_is_larger_than_the_pipe_arrives_whole(start):
    process = await is_ready(await start("def run(m):\n    return ['a' * 1000] * 30_000\n"))
    _, rows = await (await asked(process, command([]))).next("result")
    assert rows == (b"a" * 1000 + b"\n") * 30_000


async def test_a_script_that_closes_all_descriptors_ends_its_process(start):
    process = await is_ready(await start("import os\ndef run(m):\n    os.closerange(3, 256)\n    return m\n"))
    with pytest.raises(ProcessEndedError):
        await (await asked(process, command([]))).next("result", "failed")
    assert "as the script has closed the descriptors that lead to its node" in await process.ending()


async def test_only_one_process_answers_when_a_script_forks(start, tmp_path):
    process = await is_ready(await start("import os\ndef run(m):\n    os.fork()\n    return [len(m)]\n"))
    for count in range(4):
        conversation = await asked(process, command([tmp_path / "in.txt"] * count))
        assert (await conversation.next("result"))[1] == f"{count}\n".encode()


LEAVES_A_CHILD = """
import os, subprocess

def run(mini_batch):
    holding_all = {"close_fds": False, "start_new_session": True}
    for descriptor in range(3, 64):
        try:
            os.set_inheritable(descriptor, True)
        except OSError:
            pass
    child = subprocess.Popen(["sleep", "600"], **holding_all)
    print(child.pid, flush=True)
    os._exit(5)
"""


async def test_the_end_of_a_process_is_noticed_though_a_child_of_it_keeps_all_pipes_open(start):
    process = await is_ready(await start(LEAVES_A_CHILD))
    printed = bytearray()
    process.redirect(printed.extend, None)
    try:
        with pytest.raises(ProcessEndedError):
            await (await asked(process, command([]))).next("result", "failed")
        assert await process.ending() == "ended with exit code 5"
        async with asyncio.timeout(5):
            await process.closed()
    finally:
        os.kill(int(printed), signal.SIGKILL)


async def test_the_end_is_noticed_where_the_kernel_does_not_report_it(start, monkeypatch):
    """macOS has neither call."""
    monkeypatch.delattr(os, "pidfd_open")
    monkeypatch.delattr(os, "waitid")
    process = await start("import os\nos._exit(7)")
    async with asyncio.timeout(30):
        with pytest.raises(ProcessEndedError):
            await process.receive("ready")
        assert await process.ending() == "ended with exit code 7"
        await process.closed()


async def test_the_children_of_a_process_that_ends_by_itself_end_with_it(start):
    process = await is_ready(
        await start(
            "import os, subprocess\ndef run(m):\n    print(subprocess.Popen(['sleep', '600']).pid)\n    os._exit(5)\n"
        )
    )
    printed = bytearray()
    process.redirect(printed.extend, None)
    with pytest.raises(ProcessEndedError):
        await (await asked(process, command([]))).next("result")
    assert await process.ending() == "ended with exit code 5"
    await process.closed()
    wait_until(lambda: has_ended(int(printed)), "the child ends", 20)


def has_ended(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


async def test_a_killed_process_takes_its_children_along(start):
    process = await is_ready(
        await start("import subprocess\ndef run(m):\n    return [subprocess.Popen(['sleep', '600']).pid]\n")
    )
    _, rows = await (await asked(process, command([]))).next("result")
    process.kill()
    process.kill()
    await process.closed()
    assert await process.ending() == "was ended by SIGKILL (out of memory?)"
    wait_until(lambda: has_ended(int(rows)), "the child ends", 20)


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_a_killed_process_gives_up_all_that_it_held_although_nobody_waits_for_it(tmp_path):
    before = descriptors()
    process = await start_process(command_of(tmp_path, "def run(m):\n    return m\n"))
    process.redirect(None, None)
    process.kill()
    async with asyncio.timeout(20):
        while descriptors() > before:  # noqa: ASYNC110 (nobody tells)
            await asyncio.sleep(0.01)
    with pytest.raises(ProcessEndedError):
        await process.receive("ready")
    with pytest.raises(ProcessEndedError):
        await process.send({"type": "shutdown"})


NODE = """
import asyncio, sys, time
from pathlib import Path
from scorer_container.node.processes.process import ProcessCommand
from scorer_container.node.processes.scoring_process import start_process

async def main():
    folder = Path(sys.argv[1])
    setup = {"kind": "script", "script": str(folder / "score.py"), "code": str(folder), "logging_level": "Info"}
    process = await start_process(ProcessCommand(Path(sys.executable), {}, folder, setup))
    await process.receive("ready")
    await process.send({"type": "run", "job": "j", "files": [], "names": [], "format": "csv", "collect": True})
    print(process.pid, flush=True)
    time.sleep(300)

asyncio.run(main())
"""


def test_a_busy_process_ends_with_its_node_however_that_dies(tmp_path):
    command_of(tmp_path, "import time\ndef run(m):\n    time.sleep(300)\n")
    node = subprocess.Popen([sys.executable, "-c", NODE, str(tmp_path)], stdout=subprocess.PIPE)
    with node:
        assert node.stdout is not None
        driver = int(node.stdout.readline())
        node.kill()
    wait_until(lambda: has_ended(driver), "the process ends", 20)
