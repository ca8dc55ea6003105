"""The commands of a page, as a reader would run them: in one shell, on a service of their own."""

import os
import subprocess
from pathlib import Path


def run_commands(commands: str, folder: Path) -> str:
    """What the commands print when they run in `folder`; each must succeed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("BML_")}
    done = subprocess.run(
        ["bash", "-c", f"set -euo pipefail\ntrap 'bml local down' EXIT\n{commands}"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout
