"""One entry of a conda file's `dependencies`, as a requirement that PyPI can fulfil."""

import re
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import InvalidSpecifier, Specifier

from scorer_container.node.environments import EnvironmentPreparationError

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


@dataclass(frozen=True)
class CondaPackage:
    """A package of a conda file: `scikit-learn=0.24`, `conda-forge::numpy>=1.20,<2`, `pandas 1.5.*`."""

    name: str
    version: str
    """What follows the name, white space removed where it means nothing."""

    @classmethod
    def parse(cls, entry: str) -> "CondaPackage":
        """The package of one entry; raises EnvironmentPreparationError when it is not understood."""
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
        """Whether PyPI cannot have it: it is no Python package."""
        return _CONDA_ONLY.fullmatch(self.name) is not None

    def as_requirement(self) -> str:
        """The PEP 508 line that asks PyPI for the same."""
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
    """One clause of a conda version as PEP 440 has it.

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
