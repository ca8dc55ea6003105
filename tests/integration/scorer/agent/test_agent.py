"""What the agent refuses, and how the node hears of it."""

import socket
from pathlib import Path

import pytest

from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.containers import Containers, EngineError

pytestmark = pytest.mark.integration


@pytest.fixture
def containers(agent) -> Containers:
    return Containers(agent.socket, BuildSession(print, FoldersInUse()))


def test_a_folder_of_the_machine_is_refused(containers, agent):
    with pytest.raises(EngineError, match=r"the agent that runs containers failed: folder '/etc' is not valid"):
        containers.install("image:1", ["--version"], {}, [Path("/etc")], print)
    assert "/etc" not in (agent.root / "calls.jsonl").read_text(), "the engine was not called"


def test_an_image_that_is_an_option_is_refused(containers):
    with pytest.raises(EngineError, match="image '--privileged' is not valid"):
        containers.pull("--privileged")


def test_an_images_id_is_what_the_engine_tells(containers):
    assert containers.pull("team/image:1") == "5" * 64


def test_what_uv_prints_comes_line_by_line(containers, agent):
    folder = agent.root / "cache" / "e"
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    containers.install("image:1", ["--version"], {"HOME": str(folder)}, [folder], lines.append)
    assert [line.split()[0] for line in lines] == ["uv"]


def test_a_request_without_its_descriptors_is_refused(agent):
    with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as connection:
        connection.connect(str(agent.socket))
        connection.send(b'{"kind": "score", "command": [""]}')
        assert b"score needs 4 descriptors, not 0" in connection.recv(4096)


def test_only_the_machines_user_may_speak_to_it(agent):
    assert agent.socket.stat().st_mode & 0o777 == 0o600
