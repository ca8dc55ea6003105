"""`python -m local.scale_set`: the process of the local scale set.

`BATCH_LOCAL_SCALE_SET_KEY` in its environment is the key that requests must carry. Everything else in the
environment is passed on to the instances.
"""

import argparse
import logging
import os
import shlex
import sys
from pathlib import Path

from local.errors import LocalStackError
from local.loopback.serving import serve
from local.scale_set.instance import InstanceTemplate
from local.scale_set.scale_sets import Graces, ScaleSets
from local.scale_set.service import ScaleSetService

KEY_VARIABLE = "BATCH_LOCAL_SCALE_SET_KEY"
_NODE_COMMAND = shlex.join([sys.executable, "-m", "scorer_container.node"])


def main() -> int:
    """Run the scale set until SIGTERM or SIGINT; return the exit code."""
    options = _parser().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    environment = dict(os.environ)
    key = environment.pop(KEY_VARIABLE, "")
    if not key:
        print(f"scale set: the environment variable {KEY_VARIABLE} is missing or empty", file=sys.stderr)
        return 2
    template = InstanceTemplate(tuple(shlex.split(options.instance_command)), environment, options.data_dir, Path.cwd())
    scale_sets = ScaleSets(options.data_dir, template, Graces(options.scale_in_grace, options.shutdown_grace))
    try:
        serve(ScaleSetService(scale_sets, key).application(), options.port, exit_with_parent=options.exit_with_parent)
    except LocalStackError as problem:
        print(f"scale set: {problem}", file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    graces = Graces()
    parser = argparse.ArgumentParser(prog="python -m local.scale_set", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--data-dir", type=lambda text: Path(text).absolute(), required=True)
    parser.add_argument("--instance-command", default=_NODE_COMMAND, help="the program of an instance")
    parser.add_argument("--scale-in-grace", type=float, default=graces.scale_in, metavar="SECONDS")
    parser.add_argument("--shutdown-grace", type=float, default=graces.shutdown, metavar="SECONDS")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when stdin, a pipe, is closed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
