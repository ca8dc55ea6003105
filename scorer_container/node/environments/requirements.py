"""What an environment consists of, whatever kind of file describes it."""

import hashlib
import json
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from scorer_container.node.environments.python_version import PythonRequirement


@dataclass(frozen=True)
class EnvironmentRequirements:
    """A Python and packages from PyPI."""

    python: PythonRequirement | None = None
    """None: any Python will do."""
    packages: tuple[str, ...] = ()
    """Requirement lines (PEP 508, or what pip takes as one: a URL or an absolute path)."""
    build_packages: tuple[str, ...] = ()
    """`pip`, `setuptools`, `wheel`: installed into a built environment, but not a reason to build one."""
    constraints: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    """Option lines of a requirements file, e.g. `--extra-index-url https://…`; may hold a secret."""

    def names(self) -> set[str]:
        """Return the canonical names of all packages that are listed by name."""
        lines = (*self.packages, *self.build_packages)
        return {name for line in lines if (name := package_name(line))}

    def key(self, minor: int) -> str:
        """Return the same folder name for the same environment on Python 3.`minor`."""
        content = [
            f"3.{minor}",
            sorted({normalised(line) for line in self.packages}),
            sorted({normalised(line) for line in self.build_packages}),
            sorted({normalised(line) for line in self.constraints}),
            list(self.options),
        ]
        digest = hashlib.sha256(json.dumps(content).encode()).hexdigest()
        return f"python3.{minor}-{digest[:24]}"

    def file_text(self) -> str:
        """Return the text of its requirements file; constraints have a file of their own."""
        return "\n".join((*self.options, *self.build_packages, *self.packages, ""))


def parse_line(line: str) -> Requirement | None:
    """Parse a line without its `--hash` options; return None for a plain URL or path."""
    try:
        return Requirement(line.partition(" --")[0].strip())
    except InvalidRequirement:
        return None


def package_name(line: str) -> str | None:
    """Return the canonical name of the package on a line; None for a plain URL or path."""
    parsed = parse_line(line)
    return canonicalize_name(parsed.name) if parsed else None


def normalised(line: str) -> str:
    """Return the same text for lines that mean the same."""
    parsed = parse_line(line)
    if parsed is None or " --" in line:
        return line
    parsed.name = canonicalize_name(parsed.name)
    return str(parsed)
