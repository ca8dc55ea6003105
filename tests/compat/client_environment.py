"""A virtual environment with the official client, built once for each content of requirements.txt.

`AZURE_AI_ML_RELEASE` tests another release: a version, or `newest`.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

PINNED = Path(__file__).with_name("requirements.txt")
NEWEST = "newest"


def client_python() -> Path:
    """The interpreter of the environment; two callers at once build it once."""
    requirements = wanted(PINNED.read_text(), os.environ.get("AZURE_AI_ML_RELEASE", ""))
    folder = Path(sys.prefix) / "compat" / hashlib.sha256(requirements.encode()).hexdigest()[:12]
    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _build(folder, requirements)
            (folder / "complete").touch()
    return folder / "bin" / "python"


def wanted(pinned: str, release: str) -> str:
    """The pinned requirements with another release of the client; the newest one is whatever the registry has now."""
    if not release:
        return pinned
    others = [line for line in pinned.splitlines() if not line.startswith("azure-ai-ml==")]
    return "\n".join([*others, f"azure-ai-ml=={newest() if release == NEWEST else release}"])


def newest() -> str:
    """The newest release that suits this Python."""
    found = _uv("pip", "compile", "--quiet", "--no-deps", "--no-header", "-", text="azure-ai-ml")
    return next(line.split("==")[1] for line in found.splitlines() if line.startswith("azure-ai-ml=="))


def _build(folder: Path, requirements: str) -> None:
    _uv("venv", "--quiet", "--python", sys.executable, str(folder))
    python = str(folder / "bin" / "python")
    _uv("pip", "install", "--quiet", "--python", python, "--requirement", "-", text=requirements)


def _uv(*words: str, text: str = "") -> str:
    uv = Path(sys.executable).with_name("uv")
    return subprocess.run([uv, *words], input=text, stdout=subprocess.PIPE, text=True, check=True).stdout
