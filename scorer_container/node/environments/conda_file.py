"""A conda environment file (`conda.yaml`)."""

from pathlib import Path
from typing import Any

import yaml

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.conda_package import CondaPackage
from scorer_container.node.environments.python_version import PythonRequirement
from scorer_container.node.environments.requirement_lines import RequirementLines, split_build_packages
from scorer_container.node.environments.requirements import EnvironmentRequirements


def read_yaml_mapping(text: str, title: str) -> dict[str, Any]:
    """A YAML mapping whose values stay text, so that Python 3.10 does not become the number 3.1."""
    try:
        content = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but text, lists and mappings
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise EnvironmentPreparationError(f"{title} is not valid YAML: {reason}") from None
    if not isinstance(content, dict):
        raise EnvironmentPreparationError(f"{title} must be a YAML mapping with the key `dependencies`")
    return content


def parse_conda_file(text: str, title: str, folder: Path | None = None) -> EnvironmentRequirements:
    """The requirements of a conda file; `title` names it in errors, `folder` is where its paths start.

    Raises EnvironmentPreparationError when it is not understood or asks for packages that only conda has.
    """
    entries = read_yaml_mapping(text, title).get("dependencies") or []
    if not isinstance(entries, list):
        raise EnvironmentPreparationError(f"`dependencies` of {title} must be a list of packages")
    python, conda_packages = _conda_packages([entry for entry in entries if isinstance(entry, str)])
    pip_lines = RequirementLines(folder)
    for entry in entries:
        if not isinstance(entry, str):
            pip_lines.add(_pip_list(entry, title))
    listed = pip_lines.as_requirements()
    packages, build_packages = split_build_packages(conda_packages)
    return EnvironmentRequirements(
        python=python,
        packages=(*packages, *listed.packages),
        build_packages=tuple(line for line in build_packages if line != "pip"),
        constraints=listed.constraints,
        options=listed.options,
    )


def _conda_packages(entries: list[str]) -> tuple[PythonRequirement | None, list[str]]:
    parsed = [CondaPackage.parse(entry) for entry in entries]
    conda_only = sorted({package.name for package in parsed if package.is_conda_only})
    if conda_only:
        raise EnvironmentPreparationError(
            f"the environment lists packages that only conda has ({', '.join(conda_only)}): leave them out, or list "
            "under `pip:` a package that brings them"
        )
    pythons = [package for package in parsed if package.name == "python"]
    python = PythonRequirement.parse(pythons[0].version.split()[0]) if pythons and pythons[0].version else None
    return python, [package.as_requirement() for package in parsed if package.name != "python"]


def _pip_list(entry: Any, title: str) -> list[str]:
    lines = entry.get("pip") if isinstance(entry, dict) and set(entry) == {"pip"} else None
    if isinstance(lines, str):  # an empty `pip:` is read as empty text
        lines = lines.splitlines()
    if lines is None or not all(isinstance(line, str) for line in lines):
        raise EnvironmentPreparationError(
            f"the entry {entry!r} in `dependencies` of {title} must be a package or `pip:` with a list of packages"
        )
    return list(lines)
