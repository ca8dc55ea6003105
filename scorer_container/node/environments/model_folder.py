"""The environment that an MLflow model brings in its own folder."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.conda_file import parse_conda_file, read_yaml_mapping
from scorer_container.node.environments.python_version import PythonRequirement
from scorer_container.node.environments.requirement_lines import RequirementLines, read_text, split_build_packages
from scorer_container.node.environments.requirements import EnvironmentRequirements, package_name

_CONDA_FILES = ("conda.yaml", "conda.yml")
_PYTHON_ENV_FILE = "python_env.yaml"
_REQUIREMENTS_FILE = "requirements.txt"


def read_model_environment(folder: Path) -> EnvironmentRequirements | None:
    """Return what the files of an MLflow model ask for; None if no file does.

    The order is MLflow's own: the `virtualenv` file that `MLmodel` names, else `python_env.yaml`, else
    `requirements.txt` with the Python of the conda file, else the conda file alone. Unlike MLflow's virtualenv,
    packages that the conda file wants from conda are kept: they come from PyPI.
    """
    files = _EnvironmentFiles.of(folder)
    conda = _conda_requirements(files)
    if files.python_env:
        return _with_conda_packages(_read_python_env(files.python_env, folder), conda)
    if files.requirements:
        listed = _read_lines([f"-r {files.requirements.name}"], folder)
        if conda is None:
            return replace(listed, python=files.python)
        return _with_conda_packages(replace(listed, python=conda.python), conda)
    return conda


@dataclass(frozen=True)
class _EnvironmentFiles:
    """The files of a model's folder that describe its environment."""

    folder: Path
    python_env: Path | None
    conda: Path | None
    requirements: Path | None
    python: PythonRequirement | None
    """`python_version` of `MLmodel`: what the model was logged with."""

    @classmethod
    def of(cls, folder: Path) -> "_EnvironmentFiles":
        flavor = _python_function_flavor(folder)
        named = flavor.get("env") or {}
        if isinstance(named, str):
            named = {"conda": named}
        return cls(
            folder=folder,
            python_env=_first_file(folder, named.get("virtualenv"), _PYTHON_ENV_FILE),
            conda=_first_file(folder, named.get("conda"), *_CONDA_FILES),
            requirements=_first_file(folder, _REQUIREMENTS_FILE),
            python=PythonRequirement.parse(str(flavor.get("python_version") or "")),
        )


def _python_function_flavor(folder: Path) -> dict[str, Any]:
    path = folder / "MLmodel"
    if not path.is_file():
        raise EnvironmentPreparationError(f"the model's folder {folder.name!r} has no file `MLmodel`")
    flavors = read_yaml_mapping(read_text(path, "the file `MLmodel`"), "the file `MLmodel`").get("flavors")
    flavor = flavors.get("python_function") if isinstance(flavors, dict) else None
    return flavor if isinstance(flavor, dict) else {}


def _first_file(folder: Path, *names: Any) -> Path | None:
    """Return the first file that exists: old models name `conda.yml` in `MLmodel` and contain `conda.yaml`."""
    paths = [folder / name for name in names if isinstance(name, str)]
    inside = (path for path in paths if path.resolve().is_relative_to(folder.resolve()))
    return next((path for path in inside if path.is_file()), None)


def _conda_requirements(files: _EnvironmentFiles) -> EnvironmentRequirements | None:
    if files.conda is None:
        return None
    title = f"the model's {files.conda.name}"
    return parse_conda_file(read_text(files.conda, title), title, files.folder)


def _read_python_env(path: Path, folder: Path) -> EnvironmentRequirements:
    title = f"the model's {path.name}"
    content = read_yaml_mapping(read_text(path, title), title)
    lists = [content.get(key) or [] for key in ("build_dependencies", "dependencies")]
    if not all(isinstance(lines, list) and all(isinstance(line, str) for line in lines) for lines in lists):
        raise EnvironmentPreparationError(
            f"`dependencies` and `build_dependencies` of {title} must be lists of packages"
        )
    return replace(
        _read_lines(lists[1], folder),
        python=PythonRequirement.parse(str(content.get("python") or "")),
        build_packages=split_build_packages(lists[0])[1],
    )


def _read_lines(lines: list[str], folder: Path) -> EnvironmentRequirements:
    return RequirementLines(folder).add(lines).as_requirements()


def _with_conda_packages(
    listed: EnvironmentRequirements, conda: EnvironmentRequirements | None
) -> EnvironmentRequirements:
    """Add to `listed` the packages that only the conda file has."""
    if conda is None:
        return listed
    named = listed.names()
    return replace(
        listed,
        python=listed.python or conda.python,
        packages=(*listed.packages, *(line for line in conda.packages if package_name(line) not in named)),
        options=(*listed.options, *(option for option in conda.options if option not in listed.options)),
    )
