"""Everything that a job needs on the node before its first scoring process starts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError

from scorer_container.node.cache import FolderCache
from scorer_container.node.environments import EnvironmentPreparationError, prepare_environment
from scorer_container.node.failure import fatal
from scorer_container.node.sources import Sources
from shared.contracts.job_spec import JobSpec
from shared.contracts.locations import Location
from shared.errors import ProductError


@dataclass(frozen=True)
class PreparedJob:
    """A job's parts on this machine."""

    interpreter: Path
    """The Python of its environment."""
    model_folder: Path
    """`AZUREML_MODEL_DIR`: the folder that the model's own folder lies in."""
    setup: dict[str, Any]
    """The first frame that a scoring process gets."""


def prepare_job(spec: JobSpec, sources: Sources, cache: Path, log: Callable[[str], None]) -> PreparedJob:
    """Fetch model and code, find or build the environment; raises FatalProblemError."""
    model_folder = _fetched(spec.model.location, "model", FolderCache(cache / "models", sources, log))
    if spec.code is None:
        model: Path | None = _mlflow_folder(spec, model_folder)
        setup: dict[str, Any] = {"kind": "mlflow", "model": str(model)}
    else:
        code = _only_entry(_fetched(spec.code.location, "code", FolderCache(cache / "code", sources, log)))
        model = _only_entry(model_folder) if spec.model.is_mlflow else None
        setup = {"kind": "script", "script": str(code / spec.code.scoring_script), "code": str(code)}
    try:
        interpreter = prepare_environment(spec, model, cache, log)
    except EnvironmentPreparationError as error:
        raise fatal("environment", str(error), error_type=type(error).__name__) from error
    return PreparedJob(interpreter, model_folder, setup | {"logging_level": spec.settings.logging_level.value})


def _fetched(location: Location, what: str, cache: FolderCache) -> Path:
    try:
        return cache.fetched(location)
    except (ProductError, AzureError, OSError) as error:
        message = f"the {what} cannot be fetched: {' '.join(str(error).split())}"
        raise fatal("model" if what == "model" else "init", message, error_type=type(error).__name__) from error


def _mlflow_folder(spec: JobSpec, model_folder: Path) -> Path:
    folder = _only_entry(model_folder)
    if (folder / "MLmodel").is_file():
        return folder
    raise fatal(
        "model",
        f"model {spec.model.name}:{spec.model.version} has no file MLmodel in its folder, so it needs a scoring script",
    )


def _only_entry(folder: Path) -> Path:
    """What was fetched: it lies in its cache folder under its own name."""
    return next(folder.iterdir())
