"""Whatever is killed in the middle of a job: the output is the one that an undisturbed job writes."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from local.stack.lifecycle import temporary_stack
from local.stack.options import StackOptions
from tests.e2e.user import User
from tests.strangers import listening_ports

pytestmark = pytest.mark.e2e

FILES = 120
SCRIPT = """
import os, time

def init():
    global weight
    with open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model", "weights.txt")) as stream:
        weight = float(stream.read())

def run(mini_batch):
    time.sleep(0.1)  # what a real model would have to do with a file
    return [f"{os.path.basename(path)},{float(open(path).read()) * weight}" for path in mini_batch]
"""
EXPECTED = "".join(f"{n:04}.txt,{n * 1.5}\n" for n in range(FILES))


def command_line(process: psutil.Process) -> str:
    """The command line of a process; empty if it has ended already."""
    return " ".join(process.as_dict(["cmdline"], ad_value=[])["cmdline"])


def node(user):
    """The scorer node of the stack's only compute."""
    scale_set = psutil.Process(user.pid_of("scale-set"))
    return lambda: next(child for child in scale_set.children() if "scorer_container.node" in command_line(child))


def scoring_process(user):
    """The process in which the node runs the script."""
    find_node = node(user)
    return lambda: find_node().children()[0]


def role(name):
    """The process of the stack with this role."""

    def find(user):
        process = psutil.Process(user.pid_of(name))
        return lambda: process

    return find


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    """A user whose stack may be broken: every test leaves it as a user would find it after a crash."""
    folder = tmp_path_factory.mktemp("crashes")
    with temporary_stack(StackOptions(folder / "stack")) as status:
        user = User(Path(status.data_dir), folder / "user")
        user.bml("compute", "create", "-n", "cpu-cluster", "--min-instances", "0", "--max-instances", "2")
        user.script_endpoint("crash-endpoint", SCRIPT, compute="cpu-cluster", mini_batch_size=1)
        for n in range(FILES):
            user.write(f"input/{n:04}.txt", str(n))
        yield user


def invoke_and_await_the_middle(user, eventually):
    job = user.invoke("crash-endpoint", "--input-local-path", "input")
    eventually(lambda: user.job(job)["statistics"]["tasks_finished"] > 5, 120, "the middle of the job")
    return job


def ends_as_if_nothing_had_happened(user, eventually, job):
    eventually(lambda: user.ended(job), 240, "the end of the job")
    assert user.job(job)["status"] == "Completed"
    assert user.output(job) == EXPECTED


@pytest.mark.parametrize(
    "of",
    [
        pytest.param(node, id="node"),
        pytest.param(scoring_process, id="scoring-process"),
        pytest.param(role("functions-host"), id="functions-host"),
        pytest.param(role("scale-set"), id="scale-set"),
        pytest.param(role("azurite"), id="azurite"),
    ],
)
def test_a_job_survives_the_sigkill_of(prepared, eventually, of):
    process = of(prepared)
    job = invoke_and_await_the_middle(prepared, eventually)
    process().kill()
    ends_as_if_nothing_had_happened(prepared, eventually, job)


def test_a_job_goes_on_when_a_stack_that_was_killed_whole_is_started_again(prepared, eventually):
    job = invoke_and_await_the_middle(prepared, eventually)
    nodes = psutil.Process(prepared.pid_of("scale-set")).children(recursive=True)
    assert not any(listening_ports(process) for process in nodes), "a door that test_local_stack.py does not see"
    for process in prepared.bml("local", "status")["processes"]:
        with suppress(ProcessLookupError):  # some end by themselves when the first one is gone
            os.kill(process["pid"], signal.SIGKILL)
    started = prepared.run("local", "up", "--detach")
    assert started.returncode == 0, started.stderr
    ends_as_if_nothing_had_happened(prepared, eventually, job)
