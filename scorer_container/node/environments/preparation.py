"""The one entry: from a job's spec to the interpreter that scores it."""

import sys
from pathlib import Path

from scorer_container.node.environments.building import build_environment
from scorer_container.node.environments.interpreters import find_interpreter
from scorer_container.node.environments.python_version import PythonRequirement
from scorer_container.node.environments.requirements import EnvironmentRequirements
from scorer_container.node.environments.satisfaction import unmet_by_own_interpreter
from scorer_container.node.environments.selection import select_requirements
from scorer_container.node.environments.store import EnvironmentStore
from scorer_container.node.workbench import Workbench
from shared.contracts.job_spec import JobSpec


def prepare_environment(spec: JobSpec, model_dir: Path | None, cache: Path, bench: Workbench) -> Path:
    """The Python interpreter that a job's scoring processes run with; built when there is none yet.

    `model_dir` is the model's folder on this machine, `cache` may be shared by several nodes of one machine.
    Raises EnvironmentPreparationError with one sentence for the user. Blocks for as long as a build takes.
    """
    requirements = select_requirements(spec, model_dir)
    if requirements is None:
        bench.log("no environment is named; scoring with the node's own Python")
        return Path(sys.executable)
    unmet = unmet_by_own_interpreter(requirements)
    if unmet is None:
        bench.log("the node's own Python satisfies the environment")
        return Path(sys.executable)
    bench.log(f"the environment is not the node's own: {unmet}")
    return _built(requirements, _subject(spec), EnvironmentStore(cache / "environments", bench), bench)


def _built(requirements: EnvironmentRequirements, subject: str, store: EnvironmentStore, bench: Workbench) -> Path:
    python = requirements.python or _own_python()
    for minor in python.by_preference():
        ready = store.find(requirements.key(minor))
        if ready:
            bench.log(f"the environment is there already: {ready}")
            return ready
    minor, base = find_interpreter(python, bench)

    def build(folder: Path) -> None:
        bench.log(f"building the environment with {base}")
        build_environment(folder, requirements, base, subject, bench)

    return store.find_or_build(requirements.key(minor), build)


def _own_python() -> PythonRequirement:
    minor = sys.version_info.minor
    return PythonRequirement(text=f"3.{minor}", minors=(minor,))


def _subject(spec: JobSpec) -> str:
    """Whose environment it is, for error messages."""
    environment = spec.environment
    if environment and environment.conda_file.strip():
        return f"environment {environment.name}:{environment.version}"
    return f"the environment of model {spec.model.name}:{spec.model.version}"
