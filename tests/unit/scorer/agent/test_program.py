import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from scorer_container.agent.__main__ import _parser

pytestmark = pytest.mark.unit

PROGRAM = Path(__file__).parents[4] / "infra" / "node" / "batch_node.py"


def batch_node() -> ModuleType:
    spec = importlib.util.spec_from_file_location("batch_node", PROGRAM)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_machines_program_starts_the_agent_with_options_that_it_knows() -> None:
    program = batch_node()
    settings = program.Settings(image="crx.azurecr.io/scorer:1", clientId="c1")
    _, *start = program.agent_command(settings)
    assert start[:2] == ["-m", "scorer_container.agent"]
    options = _parser().parse_args(start[2:])
    assert (options.image, options.registry, options.client_id) == (settings.image, "crx.azurecr.io", "c1")
    assert options.root / "tools" == Path(settings.tools), "where the agent looks for what was taken out of the image"
    assert (options.engine, options.network) == ("podman", "none")


def test_the_node_is_given_the_agents_socket() -> None:
    program = batch_node()
    settings = program.Settings(image="crx.azurecr.io/scorer:1", clientId="c1")
    socket = next(word for word in program.agent_command(settings) if word.startswith("--socket="))
    assert f"--env=BATCH_NODE_AGENT={socket.removeprefix('--socket=')}" in program.node_command(settings, "vm_1")
