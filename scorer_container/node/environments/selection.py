"""Which environment a job asks for: the deployment's, the model's own, or none."""

from dataclasses import replace
from pathlib import Path

from scorer_container.node.environments.conda_file import parse_conda_file
from scorer_container.node.environments.model_folder import read_model_environment
from scorer_container.node.environments.requirements import EnvironmentRequirements
from shared.contracts.job_spec import JobSpec


def select_requirements(spec: JobSpec, model_dir: Path | None) -> EnvironmentRequirements | None:
    """What the job's scoring processes need; None when nothing says so and the node's own interpreter serves.

    An MLflow model that is scored without a script needs mlflow as well, whether it is listed or not.
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
    """`requirements` and what loading a model with mlflow takes."""
    names = requirements.names()
    if "mlflow" in names:
        return requirements
    if "mlflow-skinny" not in names:
        return replace(requirements, packages=(*requirements.packages, "mlflow"))
    missing = tuple(name for name in ("numpy", "pandas") if name not in names)
    return replace(requirements, packages=(*requirements.packages, *missing))
