#!/usr/bin/env python3
"""Stands for podman in the tests of a machine's program: notes what it is asked, and plays what a container does.

Everything lies in the folder `PLAYED_FOLDER`: `calls` (one JSON list a line), `node.pid` while the node runs.
"""

import json
import os
import signal
import sys
from pathlib import Path

FOLDER = Path(os.environ["PLAYED_FOLDER"])

AGENT = """
import signal, socket, sys
from pathlib import Path
options = dict(argument.split("=", 1) for argument in sys.argv[1:])
with open(Path(sys.argv[0]).parents[3] / "agent.arguments", "w") as file:
    file.write(" ".join(sys.argv[1:]))
listener = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
listener.bind(options["--socket"])
signal.pause()
"""


def export(tools: Path) -> None:
    package = tools / "scorer_container" / "agent"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__main__.py").write_text(AGENT)


def run_node() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    (FOLDER / "node.pid").write_text(str(os.getpid()))
    while True:
        signal.pause()


def main() -> None:
    arguments = sys.argv[1:]
    with (FOLDER / "calls").open("a") as calls:
        calls.write(json.dumps(arguments) + "\n")
    if "scorer_container.export" in arguments:
        export(Path(arguments[-1]))
    elif arguments[0] == "run":
        run_node()
    elif arguments[0] == "stop":
        os.kill(int((FOLDER / "node.pid").read_text()), signal.SIGTERM)


main()
