"""The program of a scale set's machine, as a real process, with a played metadata service and container engine."""

import json
import os
import shutil
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import Any

import psutil
import pytest

from local.loopback.ports import free_ports
from tests.http_server import QuietHandler, running
from tests.unit.infra.bicep_files import INFRA

pytestmark = pytest.mark.integration

MACHINE = "node_1a2b3c4d"
IMAGE = "crx.azurecr.io/scorer:current"
Eventually = Callable[..., None]


class Metadata(ThreadingHTTPServer):
    """Azure's instance metadata service: this machine's name and the events that a test puts there."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answers)
        self.events: list[dict[str, Any]] = []
        self.approved: list[str] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/metadata"


class _Answers(QuietHandler):
    server: Metadata

    def do_GET(self) -> None:
        assert self.headers["Metadata"] == "true"
        body: dict[str, Any] = {"name": MACHINE}
        if "/scheduledevents?" in self.path:
            body = {"DocumentIncarnation": 1, "Events": self.server.events}
        self.answer(200, json.dumps(body).encode())

    def do_POST(self) -> None:
        body = json.loads(self.body())
        self.server.approved += [request["EventId"] for request in body["StartRequests"]]
        self.answer(200)


@pytest.fixture
def metadata() -> Iterator[Metadata]:
    server = Metadata()
    with running(server):
        yield server


class Machine:
    """The program and what it left behind."""

    def __init__(self, folder: Path, metadata: Metadata) -> None:
        self.folder = folder
        (self.port,) = free_ports(1)
        self.socket = folder / "run/agent.sock"
        programs, binaries = folder / "programs", folder / "bin"
        for one in (programs, binaries, folder / "root", folder / "run"):
            one.mkdir()
        shutil.copy(INFRA / "node/batch_node.py", programs)
        (programs / "registry.py").write_text(
            f"import sys; open({str(folder / 'login')!r}, 'w').write(repr(sys.argv[1:]))"
        )
        played = Path(__file__).with_name("played_podman.py").read_text(encoding="utf-8")
        (binaries / "podman").write_text(played.replace("/usr/bin/env python3", sys.executable))
        (binaries / "podman").chmod(0o755)
        settings = {
            "image": IMAGE,
            "clientId": "11111111-2222-3333-4444-555555555555",
            "devices": ["nvidia.com/gpu=all"],
            "healthPort": self.port,
            "environment": {"BATCH_COMPUTE": "cpu-cluster"},
            "root": str(folder / "root"),
            "runtime": str(folder / "run"),
            "metadata": metadata.address,
        }
        (folder / "settings.json").write_text(json.dumps(settings))
        self.process = subprocess.Popen(
            [sys.executable, programs / "batch_node.py", folder / "settings.json"],
            env={"PATH": f"{binaries}:{os.environ['PATH']}", "PLAYED_FOLDER": str(folder)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def calls(self) -> list[list[str]]:
        return [json.loads(line) for line in (self.folder / "calls").read_text().splitlines()]

    def is_running(self) -> bool:
        file = self.folder / "node.pid"
        return file.exists() and file.read_text() != ""

    def agents(self) -> list[psutil.Process]:
        children = psutil.Process(self.process.pid).children()
        return [child for child in children if "scorer_container.agent" in child.cmdline()]

    def node_is_gone(self) -> bool:
        pid = int((self.folder / "node.pid").read_text())
        return not Path(f"/proc/{pid}").exists()

    def health(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/health", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture
def machine(tmp_path_factory: pytest.TempPathFactory, metadata: Metadata, eventually: Eventually) -> Iterator[Machine]:
    started = Machine(tmp_path_factory.mktemp("m"), metadata)
    eventually(started.is_running, what="the node")
    yield started
    started.process.terminate()
    started.process.communicate(timeout=30)


def test_it_signs_in_pulls_takes_the_agent_out_and_starts_agent_and_node(machine: Machine) -> None:
    assert (machine.folder / "login").read_text() == "['crx.azurecr.io', '11111111-2222-3333-4444-555555555555']"
    pull, export, node = machine.calls()
    assert pull == ["pull", "--quiet", IMAGE]
    assert export[-3:] == ["-m", "scorer_container.export", f"{machine.folder}/root/tools"]
    agent = (machine.folder / "root/agent.arguments").read_text().split()
    assert {f"--image={IMAGE}", "--device=nvidia.com/gpu=all"} <= set(agent)
    assert node[-1] == IMAGE
    assert {f"--env=BATCH_NODE_ID={MACHINE}", "--env=BATCH_COMPUTE=cpu-cluster"} <= set(node)
    assert f"--env=BATCH_NODE_AGENT={machine.socket}" in node
    assert machine.health() == 200


def test_containers_have_no_rights_a_read_only_root_and_read_only_tools(machine: Machine) -> None:
    _, export, node = machine.calls()
    for command in (export, node):
        assert {"--read-only", "--cap-drop=all", "--security-opt=no-new-privileges", "--userns=keep-id"} <= set(command)
        assert "--no-healthcheck" in command
        assert not any(word.startswith(("--privileged", "--device")) for word in command)
    root, runtime = machine.folder / "root", machine.folder / "run"
    mounted = [word.removeprefix("--volume=") for word in node if word.startswith("--volume")]
    assert mounted == [f"{root}:{root}", f"{root}/tools:{root}/tools:ro", f"{runtime}:{runtime}"]


@pytest.mark.parametrize("kind", ["Preempt", "Terminate"])
def test_the_node_drains_when_azure_takes_the_machine_and_azure_is_told(
    machine: Machine, metadata: Metadata, eventually: Eventually, kind: str
) -> None:
    metadata.events = [
        {"EventId": "other", "EventType": kind, "Resources": ["node_ffffffff"]},
        {"EventId": "frozen", "EventType": "Freeze", "Resources": [MACHINE]},
        {"EventId": "ours", "EventType": kind, "Resources": [MACHINE]},
    ]
    eventually(lambda: metadata.approved, what="the approval")
    assert metadata.approved == ["ours"]
    assert ["stop", "--time=20", "batch-node"] in machine.calls()
    eventually(machine.node_is_gone, what="the end of the node")
    with pytest.raises(subprocess.TimeoutExpired):  # it would start a new node on a machine that goes away
        machine.process.wait(timeout=3)
    assert metadata.approved == ["ours"]


def test_sigterm_stops_the_node_and_then_the_agent(machine: Machine) -> None:
    (agent,) = machine.agents()
    machine.process.send_signal(signal.SIGTERM)
    assert machine.process.wait(timeout=30) == 0
    assert machine.node_is_gone()
    assert not agent.is_running()
    assert machine.calls()[-1] == ["stop", "--time=20", "batch-node"]


def test_sigterm_ends_the_wait_for_the_end_of_the_machine(
    machine: Machine, metadata: Metadata, eventually: Eventually
) -> None:
    metadata.events = [{"EventId": "ours", "EventType": "Preempt", "Resources": [MACHINE]}]
    eventually(lambda: metadata.approved, what="the approval")
    eventually(machine.node_is_gone, what="the end of the node")
    machine.process.send_signal(signal.SIGTERM)
    assert machine.process.wait(timeout=30) == 0


def test_a_node_that_leaves_by_itself_is_not_started_again_at_once(machine: Machine, eventually: Eventually) -> None:
    os.kill(int((machine.folder / "node.pid").read_text()), signal.SIGTERM)
    eventually(machine.node_is_gone, what="the end of the node")
    with pytest.raises(subprocess.TimeoutExpired):
        machine.process.wait(timeout=1)


def test_without_its_agent_the_node_is_stopped_for_a_new_start(machine: Machine) -> None:
    (agent,) = machine.agents()
    agent.kill()
    machine.process.wait(timeout=30)
    assert machine.node_is_gone()
