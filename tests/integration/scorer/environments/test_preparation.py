import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.environments import EnvironmentPreparationError
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.interpreters import find_interpreter
from scorer_container.node.environments.preparation import prepare_environment
from scorer_container.node.environments.python_version import PythonRequirement
from scorer_container.node.processes.process import ProcessCommand
from scorer_container.node.processes.scoring_process import start_process
from shared.contracts.job_spec import EnvironmentSpec, JobSpec, Location, ModelSpec, OutputSpec, WorkSize
from shared.contracts.settings import ScoringSettings

pytestmark = pytest.mark.integration

MODELS = Path(__file__).parents[3] / "data" / "models"
FOLDER = Location(kind="blob_folder", account_url="https://account", container="container", path="folder")
SMALL = "dependencies: [{pip: [iniconfig==1.1.1]}]"
"""A small package in a version that the node does not have."""
PREPARE = """
import sys
from pathlib import Path
from scorer_container.node.cache.room import FoldersInUse
from scorer_container.node.environments.build_session import BuildSession
from scorer_container.node.environments.preparation import prepare_environment
from shared.contracts.job_spec import JobSpec

session = BuildSession(print, FoldersInUse())
print(prepare_environment(JobSpec.model_validate_json(sys.argv[1]), None, Path(sys.argv[2]), session))
"""


def spec(*, is_mlflow: bool = False, conda_file: str = "") -> JobSpec:
    return JobSpec(
        job_name="job",
        job_id="id",
        endpoint="endpoint",
        deployment="deployment",
        compute="cluster",
        model=ModelSpec(name="taxi", version="1", is_mlflow=is_mlflow, location=FOLDER),
        environment=EnvironmentSpec(name="env", version="2", conda_file=conda_file),
        settings=ScoringSettings(),
        input=FOLDER,
        output=OutputSpec(folder=FOLDER, file_name="predictions.csv"),
        work=WorkSize(files=1, mini_batch_size=1, mini_batches_per_task=1),
    )


def new_session() -> BuildSession:
    return BuildSession(print, FoldersInUse())


def output_of(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


async def scored(interpreter: Path, model: Path, folder: Path) -> bytes:
    """The rows that a scoring process of this interpreter makes of the model's example."""
    example = json.loads((model / "input_example.json").read_text())
    lines = [example["columns"], *example["data"]]
    (folder / "a.csv").write_text("".join(",".join(str(value) for value in line) + "\n" for line in lines))
    setup = {"kind": "mlflow", "model": str(model), "logging_level": "Info"}
    process = await start_process(ProcessCommand(interpreter, {"PATH": os.defpath}, folder, setup))
    try:
        async with asyncio.timeout(120):
            assert (await process.receive("ready"))[0]["type"] == "ready"
            files = {"files": [str(folder / "a.csv")], "names": ["a.csv"]}
            await process.send({"type": "run", **files, "collect": True, "format": "csv", "job": "job"})
            proposed = (await process.receive("columns"))[0]["proposed"]
            await process.send({"agreed": proposed})
            header, rows = await process.receive("file")
        assert (header["rows"], proposed) == (5, {"columns": ["row", "prediction", "file"]})
        return rows
    finally:
        await process.closed()


def has_python(version: str) -> bool:
    requirement = PythonRequirement.parse(version)
    assert requirement is not None
    try:
        find_interpreter(requirement, new_session())
    except EnvironmentPreparationError:
        return False
    return True


def test_the_nodes_own_python_is_used_at_once_when_it_satisfies_everything(tmp_path: Path) -> None:
    own = f"3.{sys.version_info.minor}"
    job = spec(is_mlflow=True, conda_file=f"dependencies: [python={own}, pandas, pip, {{pip: [mlflow, numpy]}}]")
    assert prepare_environment(job, None, tmp_path, new_session()) == Path(sys.executable)
    assert list(tmp_path.iterdir()) == []


def test_nothing_asked_for_means_the_nodes_own_python(tmp_path: Path) -> None:
    assert prepare_environment(spec(), None, tmp_path, new_session()) == Path(sys.executable)


def test_two_nodes_build_an_environment_once_and_later_jobs_find_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    command = [sys.executable, "-c", PREPARE, spec(conda_file=SMALL).model_dump_json(), str(tmp_path)]
    nodes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    outputs = [node.communicate()[0].splitlines() for node in nodes]
    interpreters = {lines[-1] for lines in outputs}
    built = [line for lines in outputs for line in lines if line.startswith("building the environment")]
    assert (len(interpreters), len(built)) == (1, 1)
    interpreter = interpreters.pop()
    version = "from importlib.metadata import version; print(version('iniconfig'))"
    assert output_of(interpreter, "-c", version) == "1.1.1\n"

    monkeypatch.setenv("PATH", "")  # neither uv's helpers nor another Python can be found now
    assert prepare_environment(spec(conda_file=SMALL), None, tmp_path, new_session()) == Path(interpreter)


def test_the_seeds_model_scores_in_the_environment_that_it_asks_for(tmp_path: Path) -> None:
    """Where Python 3.7 cannot be had, the one sentence that says so is the right behaviour."""
    model = MODELS / "autolog_nyc_taxi"
    job = JobSpec.model_validate({**spec(is_mlflow=True).model_dump(), "environment": None})
    if not has_python("3.7"):
        with pytest.raises(EnvironmentPreparationError, match=r"has no Python 3\.7 and could not download one"):
            prepare_environment(job, model, tmp_path, new_session())
        return
    interpreter = prepare_environment(job, model, tmp_path, new_session())
    assert (
        asyncio.run(scored(interpreter, model, tmp_path)) == b"0,1,a.csv\n1,0,a.csv\n2,1,a.csv\n3,0,a.csv\n4,1,a.csv\n"
    )


def test_a_python_that_cannot_be_had_is_named_with_the_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("UV_PYTHON_DOWNLOADS", "never")
    with pytest.raises(EnvironmentPreparationError) as caught:
        prepare_environment(spec(conda_file="dependencies: [python=3.20.1]"), None, tmp_path, new_session())
    message = str(caught.value)
    assert message.startswith("the environment asks for Python 3.20.1, and this machine has no Python 3.20")
    assert "install Python 3.20 on the node, or name an environment with a Python that it has" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("conda_file", "message"),
    [
        (
            "dependencies: [iniconfig=99.1]",
            r"^environment env:2 could not be installed for Python 3.*you require iniconfig==99.1",
        ),
        ("dependencies: [cudatoolkit=11.3, python=3.8]", "packages that only conda has .cudatoolkit."),
    ],
)
def test_what_cannot_be_installed_is_named_in_one_sentence(tmp_path: Path, conda_file: str, message: str) -> None:
    with pytest.raises(EnvironmentPreparationError, match=message) as caught:
        prepare_environment(spec(conda_file=conda_file), None, tmp_path, new_session())
    assert "\n" not in str(caught.value)
    assert not [path for path in tmp_path.glob("environments/*") if path.is_dir()]


def test_a_shim_without_a_python_behind_it_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, working_python: Callable[[Path, int], Path]
) -> None:
    shims, pyenv = tmp_path / "shims", tmp_path / "pyenv"
    shims.mkdir()
    shim = shims / "python3.20"
    shim.write_text("#!/bin/sh\necho 'not active' >&2\nexit 127\n")
    shim.chmod(0o755)
    working = working_python(pyenv / "versions" / "3.20.4" / "bin", 20)
    monkeypatch.setenv("PATH", f"{shims}:/usr/bin:/bin")
    monkeypatch.setenv("PYENV_ROOT", str(pyenv))
    requirement = PythonRequirement.parse("=3.20")
    assert requirement is not None
    assert find_interpreter(requirement, new_session()) == (20, working)
