"""Fills a folder with a virtual environment."""

import os
import sys
from pathlib import Path

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.requirements import EnvironmentRequirements
from scorer_container.node.environments.store import interpreter_of
from scorer_container.node.environments.uv import UvError, run_uv

_SETUPTOOLS = "setuptools<81"
"""conda and old virtual environments always have setuptools; this is the last with a quiet `pkg_resources`."""


def build_environment(
    folder: Path, requirements: EnvironmentRequirements, base: Path, subject: str, session: BuildSession
) -> None:
    """Make a virtual environment of the interpreter `base` in `folder` and install everything. It can be moved later.

    Raise EnvironmentPreparationError with the package that could not be installed and why; `subject` names the
    environment.
    """
    try:
        run_uv(
            ["venv", "--no-project", "--relocatable", "--allow-existing", "--python", str(base), str(folder)], session
        )
        run_uv(install_command(folder, requirements), session)
    except UvError as error:
        python = requirements.python.text if requirements.python else f"3.{sys.version_info.minor}"
        raise EnvironmentPreparationError(
            f"{subject} could not be installed for Python {python}: {error}; mend the environment's list of packages "
            "or the node's access to the package index"
        ) from None


def install_command(folder: Path, requirements: EnvironmentRequirements) -> list[str]:
    """Write the package lists into `folder`; return the arguments of uv that fill the virtual environment there."""
    command = ["pip", "install", "--python", str(interpreter_of(folder))]
    command += ["--requirements", str(_write(folder / "requirements.txt", requirements.file_text()))]
    if requirements.constraints:
        text = "\n".join((*requirements.constraints, ""))
        command += ["--constraints", str(_write(folder / "constraints.txt", text))]
    return command if "setuptools" in requirements.names() else [*command, _SETUPTOOLS]


def _write(path: Path, text: str) -> Path:
    """Write a file that only its owner can read: option lines may hold a password of a package index."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path
