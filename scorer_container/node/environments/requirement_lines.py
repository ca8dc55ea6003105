"""Lines of a requirements file or of the `pip:` list of a conda file."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.requirements import EnvironmentRequirements, package_name, parse_line

BUILD_PACKAGES = frozenset({"pip", "setuptools", "wheel"})
_KEPT_OPTIONS = {
    "-i": "--index-url",
    "--index-url": "--index-url",
    "--extra-index-url": "--extra-index-url",
    "-f": "--find-links",
    "--find-links": "--find-links",
    "--no-binary": "--no-binary",
    "--only-binary": "--only-binary",
}
_FILE_OPTIONS = {"-r": "requirement", "--requirement": "requirement", "-c": "constraint", "--constraint": "constraint"}
_OPTION = re.compile(r"(?P<name>--?[A-Za-z-]+?)(?:\s*=\s*|\s+|(?<=^-[rcif]))(?P<value>\S.*)")
_COMMENT = re.compile(r"(^|\s)#.*$")


@dataclass
class RequirementLines:
    """Sorts lines into packages, constraints and options; reads files that lines name in place.

    `folder` is where relative paths start: the model's folder, or None when the list came without one.
    """

    folder: Path | None
    packages: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    options: list[str] = field(default_factory=list)
    _open_files: tuple[Path, ...] = ()

    def add(self, lines: Iterable[str], *, as_constraints: bool = False) -> "RequirementLines":
        """Add `lines`; raise EnvironmentPreparationError for a line that is not supported."""
        for line in _logical(lines):
            if line.startswith("-"):
                self._add_option(line, as_constraints)
            elif as_constraints:
                self.constraints.append(line)
            else:
                self.packages.append(self._package(line))
        return self

    def as_requirements(self) -> EnvironmentRequirements:
        """Return all collected lines."""
        return EnvironmentRequirements(
            packages=tuple(self.packages), constraints=tuple(self.constraints), options=tuple(self.options)
        )

    def _package(self, line: str) -> str:
        if parse_line(line) or "://" in line:
            return line
        path = self._inside_folder(line) if self.folder else None
        if path and path.exists():
            return str(path)
        raise EnvironmentPreparationError(
            f"the line {line!r} of the environment is neither a package nor a file of the model's folder: "
            "write it as e.g. numpy==1.26.4"
        )

    def _add_option(self, line: str, as_constraints: bool) -> None:
        match = _OPTION.fullmatch(line)
        name, value = (match["name"], match["value"].strip()) if match else (line, "")
        if value and name in _FILE_OPTIONS:
            self._add_file(value, as_constraints=as_constraints or _FILE_OPTIONS[name] == "constraint")
        elif value and name in _KEPT_OPTIONS:
            self.options.append(f"{_KEPT_OPTIONS[name]} {value}")
        elif name == "--no-index":
            self.options.append(name)
        else:
            accepted = ", ".join([*_FILE_OPTIONS, *_KEPT_OPTIONS, "--no-index"])
            raise EnvironmentPreparationError(
                f"the option {name!r} in the environment's list of packages is not supported: use one of {accepted}"
            )

    def _add_file(self, name: str, *, as_constraints: bool) -> None:
        path = self._inside_folder(name)
        if not path.is_file():
            raise EnvironmentPreparationError(
                f"the environment reads the file {name!r}, which is not in the model's folder: add it, or list its "
                "packages in place"
            )
        if path in self._open_files:
            raise EnvironmentPreparationError(f"the requirements file {name!r} of the environment includes itself")
        before, self._open_files = self._open_files, (*self._open_files, path)
        text = read_text(path, f"the requirements file {name!r} of the environment")
        self.add(text.splitlines(), as_constraints=as_constraints)
        self._open_files = before

    def _inside_folder(self, name: str) -> Path:
        if self.folder is None:
            raise EnvironmentPreparationError(
                f"the environment refers to the file {name!r}, but only the text of its conda file is kept: list the "
                "packages in place"
            )
        root = self.folder.resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root):
            raise EnvironmentPreparationError(
                f"the environment refers to {name!r}, which is outside the model's folder"
            )
        return path


def split_build_packages(lines: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split `lines` in two: everything else, and the lines for `pip`, `setuptools` and `wheel`."""
    packages: list[str] = []
    build: list[str] = []
    for line in lines:
        (build if package_name(line) in BUILD_PACKAGES else packages).append(line)
    return tuple(packages), tuple(build)


def _logical(lines: Iterable[str]) -> Iterator[str]:
    """Yield logical lines: joined at a trailing backslash, without comments and empty lines."""
    joined = ""
    for line in lines:
        joined += _COMMENT.sub("", line).strip()
        if joined.endswith("\\"):
            joined = joined[:-1].rstrip() + " "
            continue
        if joined:
            yield joined
        joined = ""
    if joined.strip():
        yield joined.strip()


def read_text(path: Path, title: str) -> str:
    """Return the file's text; raise EnvironmentPreparationError, which names the file `title`, if it is not UTF-8."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:  # UTF-16 without its mark at the beginning can be read as UTF-8, with these between the letters
        raise EnvironmentPreparationError(f"{title} is not UTF-8 text: save it as UTF-8")
    return text
