"""Prepares what a job needs on the node before its first scoring process starts."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from azure.core.exceptions import AzureError

from scorer_container.node.cache.downloads import FolderCache
from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.in_image import ImageEnvironments, pythons_folder
from scorer_container.node.environments.preparation import prepare_environment
from scorer_container.node.processes.launchers import ContainerLauncher, Launcher, ProcessLauncher
from scorer_container.node.reporting.failure import fatal
from scorer_container.node.scope import in_thread
from scorer_container.node.settings import NodeSettings
from scorer_container.node.storage.sources import Sources
from shared.contracts.job_spec import JobSpec, Location
from shared.errors import ProductError


@dataclass(frozen=True)
class JobContainer:
    """The containers that a job's scoring processes run in."""

    agent: Path
    """Socket of the agent that starts them."""
    image: str
    """The image's id; empty for the node's own image."""
    folders: tuple[Path, ...]
    """Model, code and environment: the only folders of the cache that they see."""


@dataclass(frozen=True)
class PreparedJob:
    """A job's parts on this machine."""

    interpreter: Path
    """The Python of its environment."""
    model_folder: Path
    """`AZUREML_MODEL_DIR`: the folder that the model's own folder lies in."""
    setup: dict[str, Any]
    """The first frame to a scoring process."""
    container: JobContainer | None = None
    """None: scoring processes run on the node itself."""
    has_new: bool = False
    """True when something was added to the cache: call `tidy_cache` (jobs/preparing.py)."""

    def launcher(self, inputs: Path, writable: tuple[Path, ...]) -> Launcher:
        """Return the launcher of a scoring process that reads `inputs` and writes only to its own folders."""
        if self.container is None:
            return ProcessLauncher()
        agent, image = self.container.agent, self.container.image
        return ContainerLauncher(agent, image, (*self.container.folders, inputs), writable)


async def prepare_job(spec: JobSpec, sources: Sources, settings: NodeSettings, session: BuildSession) -> PreparedJob:
    """Fetch model and code, find or build the environment; raise FatalProblemError.

    A cancellation ends the building and waits for its thread.
    """
    sources.read_secrets_again()
    model_folder = await _fetched(spec.model.location, "model", sources, settings, session)
    folders = [model_folder]
    if spec.code is None:
        model: Path | None = _mlflow_folder(spec, model_folder)
        setup: dict[str, Any] = {"kind": "mlflow", "model": str(model)}
    else:
        code = _only_entry(await _fetched(spec.code.location, "code", sources, settings, session))
        folders.append(code.parent)
        model = _only_entry(model_folder) if spec.model.is_mlflow else None
        setup = {"kind": "script", "script": str(code / spec.code.scoring_script), "code": str(code)}
    try:
        image, interpreter = await in_thread(_environment, spec, model, settings, session, stop=session.end)
    except EnvironmentPreparationError as error:
        raise fatal("environment", str(error), error_type=type(error).__name__) from error
    setup |= {"logging_level": spec.settings.logging_level.value}
    container = None
    if settings.agent is not None:
        folders += _environment_folders(interpreter, settings.cache)
        container = JobContainer(settings.agent, image, tuple(folders))
    return PreparedJob(interpreter, model_folder, setup, container, session.folders.has_new)


def _environment(spec: JobSpec, model: Path | None, settings: NodeSettings, session: BuildSession) -> tuple[str, Path]:
    """Return the image (empty for the node's own) and the interpreter in it. It may take minutes: use a thread."""
    image = spec.environment.image if spec.environment else ""
    if image and settings.agent is not None:
        return ImageEnvironments(settings.agent, settings.cache, session).prepare(spec, model)
    if image:
        packages = "; the packages of its conda_file are" if spec.environment and spec.environment.conda_file else ""
        session.log(f"image {image} is not used, as this node has no container engine{packages}")
    return "", prepare_environment(spec, model, settings.cache, session)


def _environment_folders(interpreter: Path, cache: Path) -> list[Path]:
    """Return the folder of a built environment, and the folder of the Pythons that environments point to."""
    if not interpreter.is_relative_to(cache):
        return []
    return [interpreter.parents[1], *(folder for folder in [pythons_folder(cache)] if folder.is_dir())]


async def _fetched(
    location: Location, what: str, sources: Sources, settings: NodeSettings, session: BuildSession
) -> Path:
    folder = settings.cache / ("models" if what == "model" else what)
    try:
        return await FolderCache(folder, sources, session.folders, session.log).fetched(location)
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
    """Return what was fetched, which lies in its cache folder under its own name."""
    return next(folder.iterdir())
