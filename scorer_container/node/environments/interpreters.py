"""Finds a Python of a given minor version on this machine."""

import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.python_version import PythonRequirement
from scorer_container.node.environments.uv import UvError, run_uv

_CHECK_SECONDS = 30
_REPORT = "import sys; print(sys.implementation.name, *sys.version_info[:2])"


def find_interpreter(python: PythonRequirement, session: BuildSession) -> tuple[int, Path]:
    """Return the chosen minor version and a working CPython of it; use the network last.

    Raise EnvironmentPreparationError, which names the missing Python.
    """
    preferred = python.by_preference()
    for minor in preferred:
        for candidate in _local_candidates(minor, session):
            if _works(candidate, minor, session):
                return minor, candidate
    return preferred[0], _downloaded(python, preferred[0], session)


def _local_candidates(minor: int, session: BuildSession) -> Iterator[Path]:
    if sys.version_info.minor == minor:
        yield Path(sys.executable)
    yield from _on_path(minor)
    yield from _of_pyenv(minor)
    yield from _managed_by_uv(minor, session)
    yield from _of_conda()


def _on_path(minor: int) -> Iterator[Path]:
    names = (f"python3.{minor}", "python3", "python")
    for folder in dict.fromkeys(os.get_exec_path()):
        for name in names:
            yield Path(folder) / name


def _of_pyenv(minor: int) -> Iterator[Path]:
    """Return pyenv's versions, the latest patch first. Its shims on PATH work only for active versions."""
    root = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    folders = [
        path for path in (root / "versions").glob(f"3.{minor}*") if re.fullmatch(rf"3\.{minor}(\.\d+)?", path.name)
    ]
    for folder in sorted(folders, key=lambda path: [int(part) for part in path.name.split(".")], reverse=True):
        yield folder / "bin" / "python"


def _managed_by_uv(minor: int, session: BuildSession) -> Iterator[Path]:
    try:
        yield _find_managed(minor, session)
    except UvError:
        return  # it has none


def _find_managed(minor: int, session: BuildSession) -> Path:
    command = ["python", "find", "--no-python-downloads", "--managed-python", f"3.{minor}"]
    return Path(run_uv(command, session, _no_log).splitlines()[-1])


def _of_conda() -> Iterator[Path]:
    """Return the base installation and every environment that conda knows."""
    prefix = os.environ.get("CONDA_PREFIX")
    executable = os.environ.get("CONDA_EXE")
    folders = [Path(prefix)] if prefix else []
    if executable:
        base = Path(executable).parent.parent
        folders += [base, *sorted((base / "envs").glob("*"))]
    listed = Path.home() / ".conda" / "environments.txt"
    if listed.is_file():
        folders += [Path(line) for line in listed.read_text(encoding="utf-8").splitlines() if line]
    for folder in folders:
        yield folder / "bin" / "python"


def _works(path: Path, minor: int, session: BuildSession) -> bool:
    """Return True if it runs and is CPython 3.`minor`; a shim may exist without a Python."""
    if not os.access(path, os.X_OK) or path.is_dir():
        return False
    try:
        code, lines = session.run([str(path), "-I", "-S", "-c", _REPORT], os.environ, _no_log, _CHECK_SECONDS)
    except OSError:
        return False
    return code == 0 and lines[-1:] == [f"cpython 3 {minor}"]


def _downloaded(python: PythonRequirement, minor: int, session: BuildSession) -> Path:
    """Fetch a Python with uv from the network."""
    version = f"3.{minor}"
    session.log(f"Python {version} is not on this machine; asking uv to download it")
    try:
        run_uv(["python", "install", version], session)
        return _find_managed(minor, session)
    except UvError as error:
        raise EnvironmentPreparationError(
            f"the environment asks for Python {python.text}, and this machine has no Python {version} and could not "
            f"download one ({error}): install Python {version} on the node, or name an environment with a Python that "
            "it has"
        ) from None


def _no_log(_line: str) -> None:
    """Log nothing."""
