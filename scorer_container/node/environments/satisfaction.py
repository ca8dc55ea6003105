"""Checks whether the node's own interpreter has everything that an environment asks for."""

import sys
from collections.abc import Iterator
from importlib import metadata

from packaging.requirements import Requirement

from scorer_container.node.environments.requirements import EnvironmentRequirements, parse_line


def unmet_by_own_interpreter(requirements: EnvironmentRequirements) -> str | None:
    """Return the first missing requirement as a phrase for the log; None if nothing is missing."""
    own = f"3.{sys.version_info.minor}"
    if requirements.python and sys.version_info.minor not in requirements.python.minors:
        return f"Python {requirements.python.text} is asked for and the node has {own}"
    return next(_unmet(requirements), None)


def _unmet(requirements: EnvironmentRequirements) -> Iterator[str]:
    for line in requirements.packages:
        parsed = parse_line(line)
        if parsed is None or parsed.url or " --" in line:
            yield "a package is asked for by its address or hash"
        elif not _is_met(parsed):
            yield f"{parsed} is asked for and the node has {_installed(parsed.name) or 'none'}"
    for line in requirements.constraints:
        parsed = parse_line(line)
        if parsed and _installed(parsed.name) and not _is_met(parsed):
            yield f"{parsed} is a constraint and the node has {_installed(parsed.name)}"


def _is_met(requirement: Requirement, extra: str = "") -> bool:
    if requirement.marker and not requirement.marker.evaluate({"extra": extra}):
        return True
    version = _installed(requirement.name)
    if version is None or not requirement.specifier.contains(version, prereleases=True):
        return False
    return all(_extra_is_met(requirement.name, name) for name in requirement.extras)


def _extra_is_met(name: str, extra: str) -> bool:
    """Return True if the requirements of a distribution's extra are installed."""
    wanted = [Requirement(line) for line in metadata.requires(name) or []]
    return all(_is_met(requirement, extra) for requirement in wanted)


def _installed(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
