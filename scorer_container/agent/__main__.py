"""`python3 -m scorer_container.agent`: runs the agent on a scale set's machine."""

import argparse
import sys
from pathlib import Path

from scorer_container.agent.engine import Engine
from scorer_container.agent.registry import Registry
from scorer_container.agent.service import AgentService


def main() -> int:
    """Serve until SIGTERM."""
    options = _parser().parse_args()
    engine = Engine(
        options.engine, options.image, options.root / "tools", network=options.network, devices=tuple(options.device)
    )
    registry = Registry(options.registry, options.client_id, options.engine) if options.registry else None
    before_pull = registry.log_in_for if registry else lambda _image: None
    AgentService(options.socket, options.root, engine, before_pull).serve()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m scorer_container.agent", description=__doc__)
    parser.add_argument("--socket", type=Path, required=True, help="the Unix socket that the node is given")
    parser.add_argument("--root", type=Path, required=True, help="folder that holds all folders of the node, and tools")
    parser.add_argument(
        "--image", required=True, help="the node's own image, which is on the machine; for deployments that name none"
    )
    parser.add_argument("--engine", default="podman")
    parser.add_argument("--network", default="none", help="network of scoring containers, as podman names it")
    parser.add_argument("--device", action="append", default=[], help="device of scoring containers; repeatable")
    parser.add_argument("--registry", default="", help="registry that the machine's identity may pull from")
    parser.add_argument("--client-id", default="", help="client id of that identity")
    return parser


if __name__ == "__main__":
    sys.exit(main())
