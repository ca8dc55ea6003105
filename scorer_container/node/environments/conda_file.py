"""A conda environment file (`conda.yaml`), and the packages that it lists as PyPI knows them."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.python_version import PythonRequirement
from scorer_container.node.environments.requirement_lines import RequirementLines, split_build_packages
from scorer_container.node.environments.requirements import EnvironmentRequirements

_PYPI_NAMES = {
    "dask-core": "dask",
    "matplotlib-base": "matplotlib",
    "msgpack-python": "msgpack",
    "py-xgboost": "xgboost",
    "py-xgboost-cpu": "xgboost",
    "pyarrow-core": "pyarrow",
    "pytables": "tables",
    "pytorch": "torch",
}
"""Packages that PyPI has under another name, with the same versions."""
_CONDA_ONLY = re.compile(
    r"blas|bzip2|ca-certificates|cpuonly|cuda|cudatoolkit|cudnn|ffmpeg|gdal|geos|git|icu|intel-openmp|jpeg|mkl"
    r"|mkl-service|mkl_fft|mkl_random|mpi|nccl|ncurses|nodejs|nomkl|openblas|opencv|py-opencv|openjdk|openmpi|openssl"
    r"|pandoc|proj|pytorch-cuda|pytorch-mutex|readline|sqlite|tk|unixodbc|xz|zlib|zstd"  # libraries and programs
    r"|(gcc|gxx|gfortran|binutils|ld_impl|sysroot)(_.*)?|(c-|cxx-|fortran-)?compilers?"
    r"|_.*|r-.*|cuda-.*|vs20\d\d_.*"  # virtual packages, R, parts of CUDA, the Visual C runtime
    r"|lib(?!rosa$|cst$|sass$|tmux$|usb1$|clang$).*"  # C libraries, apart from the Python packages so named
)
"""Packages of conda that PyPI does not have, as they are no Python packages."""
_ENTRY = re.compile(r"(?:(?P<channel>\S+)::)?(?P<name>[A-Za-z0-9_][A-Za-z0-9_.-]*)\s*(?P<version>.*)")
_WITH_BUILD = re.compile(r"={1,2}(?P<version>[^=<>!~,]+)=[^=<>!~,]+")
_OPERATOR = re.compile(r"(?P<operator>==|>=|<=|!=|~=|=|<|>)?(?P<version>.*)")


def read_yaml_mapping(text: str, title: str) -> dict[str, Any]:
    """Parse a YAML mapping whose values stay text: Python 3.10 must not become the number 3.1."""
    try:
        content = yaml.load(text, Loader=yaml.BaseLoader)  # noqa: S506 - makes nothing but text, lists and mappings
    except yaml.YAMLError as error:
        reason = " ".join(str(error).split())
        raise EnvironmentPreparationError(f"{title} is not valid YAML: {reason}") from None
    if not isinstance(content, dict):
        raise EnvironmentPreparationError(f"{title} must be a YAML mapping with the key `dependencies`")
    return content


def parse_conda_file(text: str, title: str, folder: Path | None = None) -> EnvironmentRequirements:
    """Return the requirements of a conda file; `title` names it in errors, `folder` is where its paths start.

    Raise EnvironmentPreparationError if it is not understood or lists packages that only conda has.
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


@dataclass(frozen=True)
class CondaPackage:
    """A package of a conda file: `scikit-learn=0.24`, `conda-forge::numpy>=1.20,<2`, `pandas 1.5.*`."""

    name: str
    version: str
    """The text after the name, without meaningless white space."""

    @classmethod
    def parse(cls, entry: str) -> "CondaPackage":
        """Parse one entry; raise EnvironmentPreparationError if it is not understood."""
        match = _ENTRY.fullmatch(entry.strip())
        if not match or re.search(r"[\[|@]", match["version"]):
            raise EnvironmentPreparationError(
                f"the conda package {entry!r} of the environment is not understood: write e.g. numpy=1.26 or "
                "numpy>=1.24,<2"
            )
        version = re.sub(r"([=<>!~,])\s+|\s+(?=[,<>!~])", r"\1", match["version"])
        return cls(name=match["name"].lower(), version=version.strip())

    @property
    def is_conda_only(self) -> bool:
        """True when PyPI cannot have it, as it is not a Python package."""
        return _CONDA_ONLY.fullmatch(self.name) is not None

    def as_requirement(self) -> str:
        """Return the PEP 508 line for the same package on PyPI."""
        line = _PYPI_NAMES.get(self.name, self.name) + self._specifiers()
        try:
            return str(Requirement(line))
        except InvalidRequirement:
            raise EnvironmentPreparationError(
                f"the version of the conda package {self.name + self.version!r} is not understood: write e.g. "
                f"{self.name}=1.2 or {self.name}>=1.0,<2"
            ) from None

    def _specifiers(self) -> str:
        built = _WITH_BUILD.fullmatch(self.version)
        if built:
            return f"=={built['version']}"
        version = self.version.split()[0] if self.version else ""
        return ",".join(filter(None, (_clause(clause) for clause in version.split(","))))


def _clause(text: str) -> str:
    """Translate one clause of a conda version to PEP 440.

    In conda `=1.2` means `1.2.*`, a bare `1.2` is exact, and ordered comparisons may end in `.*`.
    """
    match = _OPERATOR.fullmatch(text.strip())
    assert match is not None, "every part of the pattern is optional"
    operator, version = match["operator"], match["version"].strip()
    if not version.strip("*"):
        return ""
    if operator == "=" or (operator is None and version.endswith("*")):
        return _prefix(version)
    if operator in {">=", "<=", "<", ">"}:
        return operator + version.removesuffix(".*")
    return (operator or "==") + version


def _prefix(version: str) -> str:
    bare = version.rstrip("*").rstrip(".")
    try:
        return str(Specifier(f"=={bare}.*"))
    except InvalidSpecifier:  # `0.22.2.post1` cannot be a prefix
        return f"=={bare}"
