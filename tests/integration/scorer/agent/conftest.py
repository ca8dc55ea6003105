"""A real agent with an engine that runs programs itself, and nodes that use it."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.scorer.played_app import ROOT, App, running_app, wait_until


class Agent:
    """The agent process of one machine, whose folders lie below `root`."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.socket = root / "agent.sock"
        self.engine = root / "podman"
        tools = [sys.executable, "-m", "scorer_container.export", str(root / "tools")]
        subprocess.run(tools, check=True, cwd=ROOT)
        shutil.copy(ROOT / "tests" / "fake_engine.py", root / "fake_engine.py")
        self.engine.write_text(f'#!/bin/sh\nexec {sys.executable} {root / "fake_engine.py"} "$@"\n')
        self.engine.chmod(0o755)
        # Not the checkout is run but what was exported, as on a machine.
        path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "scorer_container.agent", "--engine", str(self.engine)),
                *("--socket", str(self.socket), "--root", str(root), "--image", "registry/scorer:1"),
            ],
            cwd=root,
            env={"PATH": path, "PYTHONPATH": str(root / "tools")},
            stderr=(root / "agent.log").open("wb"),
        )
        wait_until(self.socket.exists, "the agent's socket")

    def calls(self, verb: str) -> list[list[str]]:
        """The engine's calls so far."""
        lines = (self.root / "calls.jsonl").read_text().splitlines()
        return [call for call in map(json.loads, lines) if call[0] == verb]

    def close(self) -> None:
        self.process.terminate()
        self.process.wait(10)


@pytest.fixture(scope="module")
def agent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Agent]:
    agent = Agent(tmp_path_factory.mktemp("machine"))
    yield agent
    print(f"--- agent\n{(agent.root / 'agent.log').read_text()}")
    agent.close()


@pytest.fixture(scope="module")
def machine(azurite, agent: Agent) -> Iterator[App]:
    """The application's part with one node that scores in containers."""
    with running_app(azurite.connection_string, agent.root) as app:
        app.start_node(BATCH_NODE_AGENT=str(agent.socket), NODES_SECRET="not for the user's code")
        yield app
