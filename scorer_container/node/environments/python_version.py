"""The Python that an environment asks for. Only the minor version matters."""

import re
import sys
from dataclasses import dataclass

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from scorer_container.node.environments import EnvironmentPreparationError

OLDEST_MINOR = 7
"""Scoring processes run on Python 3.7 and later."""
_MINORS = range(OLDEST_MINOR, 21)
_PATCHES = range(41)
_PINNED = re.compile(r"={0,2}\s*(?P<version>\d+(\.\d+)*)(\.\*)?(=\S*)?")


@dataclass(frozen=True)
class PythonRequirement:
    """The minor versions of Python that an environment accepts.

    Any patch version satisfies a pinned one, as packages are built for minor versions.
    """

    text: str
    """What the environment says, e.g. `3.8.5` or `>=3.8`."""
    minors: tuple[int, ...]
    """The minor versions of Python 3 that it accepts, ascending."""

    @classmethod
    def parse(cls, text: str) -> "PythonRequirement | None":
        """Parse `=3.8.5`, `3.8`, `==3.8.*` or `>=3.8,<3.11`; return None if any Python will do."""
        if not text.strip(" *="):
            return None
        specifiers = _specifiers(text)
        minors = tuple(minor for minor in _MINORS if _accepts(specifiers, minor))
        if not minors:
            raise EnvironmentPreparationError(
                f"the environment asks for Python {text.strip(' =')}, and scoring processes need Python "
                f"3.{OLDEST_MINOR} or later: name an environment with a later Python"
            )
        return cls(text=text.strip(" ="), minors=minors)

    def by_preference(self, own: int = sys.version_info.minor) -> list[int]:
        """Return the accepted minor versions, the nearest to the node's `own` first."""
        return sorted(self.minors, key=lambda minor: (abs(minor - own), minor))


def _specifiers(text: str) -> SpecifierSet:
    try:
        return SpecifierSet(",".join(_clause(part.strip()) for part in text.split(",")))
    except InvalidSpecifier:
        raise EnvironmentPreparationError(
            f"the Python version {text!r} of the environment is not understood: write e.g. python=3.10 or python>=3.9"
        ) from None


def _clause(text: str) -> str:
    """Parse one comma-separated clause; widen a pin to its minor version."""
    pinned = _PINNED.fullmatch(text)
    if pinned:
        return "==" + ".".join(pinned["version"].split(".")[:2]) + ".*"
    return re.sub(r"\s+|\.\*$", "", text) if text[:1] in "<>" else text


def _accepts(specifiers: SpecifierSet, minor: int) -> bool:
    return any(specifiers.contains(f"3.{minor}.{patch}") for patch in _PATCHES)
