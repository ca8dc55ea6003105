"""From a job's spec to the Python interpreter that scores it."""

import sys
from dataclasses import replace
from pathlib import Path

from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.building import build_environment
from scorer_container.node.environments.conda_file import parse_conda_file
from scorer_container.node.environments.interpreters import find_interpreter
from scorer_container.node.environments.model_folder import read_model_environment
from scorer_container.node.environments.python_version import PythonRequirement
from scorer_container.node.environments.requirements import EnvironmentRequirements
from scorer_container.node.environments.satisfaction import unmet_by_own_interpreter
from scorer_container.node.environments.store import EnvironmentStore
from shared.contracts.job_spec import JobSpec


def prepare_environment(spec: JobSpec, model_dir: Path | None, cache: Path, session: BuildSession) -> Path:
    """Return the Python interpreter for a job's scoring processes; build its environment if there is none yet.

    A build may take minutes.

    Args:
        model_dir: the model's folder on this machine.
        cache: keeps environments; several nodes of one machine may share it.

    Raises:
        EnvironmentPreparationError: one sentence for the user.
    """
    requirements = select_requirements(spec, model_dir)
    if requirements is None:
        session.log("no environment is named; scoring with the node's own Python")
        return Path(sys.executable)
    unmet = unmet_by_own_interpreter(requirements)
    if unmet is None:
        session.log("the node's own Python satisfies the environment")
        return Path(sys.executable)
    session.log(f"the environment is not the node's own: {unmet}")
    return _built(requirements, _subject(spec), EnvironmentStore(cache / "environments", session), session)


def _built(requirements: EnvironmentRequirements, subject: str, store: EnvironmentStore, session: BuildSession) -> Path:
    python = requirements.python or _own_python()
    for minor in python.by_preference():
        ready = store.find(requirements.key(minor))
        if ready:
            session.log(f"the environment is there already: {ready}")
            return ready
    minor, base = find_interpreter(python, session)

    def build(folder: Path) -> None:
        session.log(f"building the environment with {base}")
        build_environment(folder, requirements, base, subject, session)

    return store.find_or_build(requirements.key(minor), build)


def _own_python() -> PythonRequirement:
    minor = sys.version_info.minor
    return PythonRequirement(text=f"3.{minor}", minors=(minor,))


def _subject(spec: JobSpec) -> str:
    """Name the environment in error messages."""
    environment = spec.environment
    if environment and environment.conda_file.strip():
        return f"environment {environment.name}:{environment.version}"
    return f"the environment of model {spec.model.name}:{spec.model.version}"


def select_requirements(spec: JobSpec, model_dir: Path | None) -> EnvironmentRequirements | None:
    """Return what the job's scoring processes need; None if the node's own interpreter serves.

    The environment of the deployment comes first, then the model's own. An MLflow model without a script needs mlflow,
    listed or not.
    """
    environment = spec.environment
    if environment and environment.conda_file.strip():
        title = f"the conda file of environment {environment.name}:{environment.version}"
        requirements: EnvironmentRequirements | None = parse_conda_file(environment.conda_file, title)
    elif spec.model.is_mlflow and model_dir is not None:
        requirements = read_model_environment(model_dir)
    else:
        requirements = None
    if spec.model.is_mlflow and spec.code is None:
        return _with_mlflow(requirements or EnvironmentRequirements())
    return requirements


def _with_mlflow(requirements: EnvironmentRequirements) -> EnvironmentRequirements:
    """Add to `requirements` what mlflow needs to load a model."""
    names = requirements.names()
    if "mlflow" in names:
        return requirements
    if "mlflow-skinny" not in names:
        return replace(requirements, packages=(*requirements.packages, "mlflow"))
    missing = tuple(name for name in ("numpy", "pandas") if name not in names)
    return replace(requirements, packages=(*requirements.packages, *missing))
