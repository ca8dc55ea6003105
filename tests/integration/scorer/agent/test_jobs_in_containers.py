"""Whole jobs on a node whose scoring processes run in containers; the driver's pipes pass through the engine."""

import csv
import json
import os
import signal
from pathlib import Path
from typing import Any

import psutil
import pytest

from shared.contracts.job_spec import EnvironmentSpec
from tests.integration.scorer.played_app import running_app, wait_until

pytestmark = pytest.mark.integration

TELL = """
import json, os, sys

def run(mini_batch):
    told = {"env": dict(os.environ), "cwd": os.getcwd(), "python": sys.executable, "pid": os.getpid()}
    print("printed", file=sys.stderr)
    return [json.dumps({**told, "content": open(file).read()}) for file in mini_batch]
"""


def told_by(job) -> list[dict[str, Any]]:
    """What TELL has told for each file: a text with quotes is one quoted field."""
    return [json.loads(row[0]) for row in csv.reader(job.lines())]


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def pid_in(file: Path) -> int:
    return int(wait_until(lambda: file.exists() and file.read_text(), "the script's start"))


def logged(job, path: str, text: str) -> str:
    """The log once it holds `text`: logs are written with some delay."""
    return wait_until(lambda: text in (log := job.log(path)) and log, f"{text!r} in {path}")


def image(name: str = "example.io/team/image:2", conda_file: str = "") -> EnvironmentSpec:
    return EnvironmentSpec(name="env", version="2", image=name, conda_file=conda_file)


def test_a_job_runs_in_the_image_of_its_environment(machine, agent):
    variables = {"OWN": "value,with=signs\nand lines"}
    job = machine.job({"a.txt": "one", "b.txt": "two"}, script=TELL, environment=image(), variables=variables)
    captured = told_by(job)
    assert [one["content"] for one in captured] == ["one", "two"]
    environment = captured[0]["env"]
    assert environment["OWN"] == variables["OWN"]
    assert environment["HOME"].endswith("/process000/home")
    assert not {"NODES_SECRET", "AzureWebJobsStorage", "BATCH_NODE_AGENT", "BATCH_COMMANDS_FD"} & set(environment)
    assert agent.calls("pull")[-1] == ["pull", "--quiet", "example.io/team/image:2"]
    run = agent.calls("run")[-1]
    assert "5" * 64 in run, "what was pulled is run, even when the name points elsewhere meanwhile"
    assert {"--network=none", "--preserve-fds=2", "--pull=never", "--read-only"} < set(run)
    assert logged(job, "user/stderr/node-0/process000.stderr.txt", "printed")


def test_only_the_jobs_own_folders_are_mounted(machine, agent):
    machine.job({"a.txt": "one"}, script=TELL, environment=image()).lines()
    mounts = [part.removeprefix("--volume=") for part in agent.calls("run")[-1] if part.startswith("--volume=")]
    paths = {mount.split(":")[0].removeprefix(f"{agent.root}/"): mount.split(":")[2] for mount in mounts}
    writable = {path for path, mode in paths.items() if mode == "rw"}
    assert writable == {"node0/process000/work", "node0/process000/output", "node0/process000/home"}
    read_only = {path.rpartition("/")[0] for path, mode in paths.items() if mode == "ro"}
    assert read_only == {"tools/scorer_container", "cache/models", "cache/code", "node0"}


def test_without_an_image_the_nodes_own_is_used(machine, agent):
    (captured,) = told_by(machine.job({"a.txt": "one"}, script=TELL))
    assert captured["content"] == "one"
    assert "registry/scorer:1" in agent.calls("run")[-1]


def test_the_conda_file_is_applied_inside_the_image(machine, agent):
    script = "import iniconfig, importlib.metadata as m\n\ndef run(mini_batch):\n    return [m.version('iniconfig')]\n"
    environment = image(conda_file="dependencies: [{pip: [iniconfig==1.1.1]}]")
    assert machine.job({"a.txt": "one"}, script=script, environment=environment).lines() == ["1.1.1"]
    installs = [call for call in agent.calls("run") if str(agent.root / "tools" / "uv") in call]
    assert [call[call.index(str(agent.root / "tools" / "uv")) + 2] for call in installs] == ["venv", "pip"]
    assert all("5" * 64 in call and "--preserve-fds=2" not in call for call in installs)
    machine.job({"a.txt": "one"}, script=script, environment=environment).lines()
    again = [call for call in agent.calls("run") if str(agent.root / "tools" / "uv") in call]
    assert len(again) == 2, "the environment is built once"


def test_an_image_that_cannot_be_pulled_fails_the_job_with_the_engines_reason(machine):
    failure = machine.job({"a.txt": "one"}, script=TELL, environment=image("example.io/missing:1"))
    captured = failure.wait_for_failure()
    assert captured.step == "environment"
    assert "image example.io/missing:1 could not be pulled: Error: manifest unknown" in captured.message
    failure.end()


def test_packages_that_cannot_be_installed_fail_the_job_with_uvs_reason(machine):
    conda_file = "dependencies: [{pip: [no-such-package-of-anyone==9.9.9]}]"
    job = machine.job({"a.txt": "one"}, script=TELL, environment=image(conda_file=conda_file))
    captured = job.wait_for_failure()
    assert captured.step == "environment"
    assert "no-such-package-of-anyone" in captured.message
    job.end()


def test_a_container_that_dies_is_replaced_and_its_signal_is_told(machine):
    script = """
import os, signal

def run(mini_batch):
    if not os.path.exists("died"):
        open("died", "w").close()
        os.kill(os.getpid(), signal.SIGKILL)
    return ["scored"]
"""
    job = machine.job({"a.txt": "one"}, script=script, environment=image())
    assert job.lines() == ["scored"]
    assert logged(job, "user/error/node-0/process000.txt", "SIGKILL")


def test_the_end_of_a_job_ends_its_containers(machine, agent):
    job = machine.job({"a.txt": "one"}, script=SLEEP, environment=image())
    pid = pid_in(agent.root / "node0" / "process000" / "work" / "pid")
    job.end()
    wait_until(lambda: not is_alive(pid), "the container's end")
    assert "rm" in [call[0] for call in agent.calls("rm")]


def test_without_an_agent_the_log_says_that_the_image_is_not_used(served):
    job = served.job({"a.txt": "one"}, script=TELL, environment=image())
    (captured,) = told_by(job)
    assert captured["content"] == "one"
    log = logged(job, "sys/node/node-0/node.txt", ": ends")
    assert log.count("image example.io/team/image:2 is not used, as this node has no container engine") == 1


SLEEP = """
import os, pathlib, time

def run(mini_batch):
    pathlib.Path("pid").write_text(str(os.getpid()))
    time.sleep(600)
"""


def test_a_node_that_must_go_gives_its_work_back_and_ends_its_containers(azurite, agent):
    """What an eviction does: the machine's program sends SIGTERM. Leases are long: nothing comes back by itself."""
    with running_app(azurite.connection_string, agent.root) as app:
        folders = [agent.root / "evicted", agent.root / "successor"]
        options = {"BATCH_NODE_AGENT": str(agent.socket), "BATCH_NODE_LEASE_SECONDS": "600"}
        evicted = app.start_node(BATCH_NODE_DIR=str(folders[0]), **options)
        job = app.job({"a.txt": "one"}, script=SLEEP, environment=image())
        pid = pid_in(folders[0] / "process000" / "work" / "pid")
        evicted.send_signal(signal.SIGTERM)
        assert evicted.wait(20) == 0
        wait_until(lambda: not is_alive(pid), "the container's end")
        app.start_node(BATCH_NODE_DIR=str(folders[1]), **options)
        pid_in(folders[1] / "process000" / "work" / "pid")  # ticket and task went on at once
        job.end()


def test_the_end_of_the_node_ends_its_containers(azurite, agent):
    with running_app(azurite.connection_string, agent.root) as app:
        folder = agent.root / "second"
        node = app.start_node(BATCH_NODE_AGENT=str(agent.socket), BATCH_NODE_DIR=str(folder))
        app.job({"a.txt": "one"}, script=SLEEP, environment=image())
        pid = pid_in(folder / "process000" / "work" / "pid")
        os.kill(node.pid, signal.SIGKILL)
        node.wait()
        wait_until(lambda: not is_alive(pid), "the container's end")
