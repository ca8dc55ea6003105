from pathlib import Path

import pytest

from scorer_container.node.environments.preparation import select_requirements
from shared.contracts.job_spec import CodeSpec, EnvironmentSpec, JobSpec, Location, ModelSpec, OutputSpec, WorkSize
from shared.contracts.settings import ScoringSettings

pytestmark = pytest.mark.unit

MODELS = Path(__file__).parents[3] / "data" / "models"
FOLDER = Location(kind="blob_folder", account_url="https://account", container="container", path="folder")
SCRIPT = CodeSpec(location=FOLDER, scoring_script="score.py")


def spec(*, is_mlflow: bool, code: CodeSpec | None = None, conda_file: str | None = None) -> JobSpec:
    return JobSpec(
        job_name="job",
        job_id="id",
        endpoint="endpoint",
        deployment="deployment",
        compute="cluster",
        model=ModelSpec(name="taxi", version="1", is_mlflow=is_mlflow, location=FOLDER),
        code=code,
        environment=None
        if conda_file is None
        else EnvironmentSpec(name="env", version="2", image="an/image", conda_file=conda_file),
        settings=ScoringSettings(),
        input=FOLDER,
        output=OutputSpec(folder=FOLDER, file_name="predictions.csv"),
        work=WorkSize(files=1, mini_batch_size=1, mini_batches_per_task=1),
    )


def packages(job: JobSpec, model_dir: Path | None = None) -> tuple[str, ...] | None:
    requirements = select_requirements(job, model_dir)
    return requirements.packages if requirements else None


def test_the_deployments_environment_comes_before_the_models_and_gets_mlflow() -> None:
    job = spec(is_mlflow=True, conda_file="dependencies: [numpy=1.26]")
    assert packages(job, MODELS / "autolog_nyc_taxi") == ("numpy==1.26.*", "mlflow")


def test_a_script_gets_its_environment_as_it_is() -> None:
    assert packages(spec(is_mlflow=False, code=SCRIPT, conda_file="dependencies: [numpy=1.26]")) == ("numpy==1.26.*",)


def test_mlflow_skinny_is_given_what_it_needs_to_load_models() -> None:
    job = spec(is_mlflow=True, conda_file="dependencies: [{pip: [mlflow-skinny==2.9.0, pandas==2.0.3]}]")
    assert packages(job) == ("mlflow-skinny==2.9.0", "pandas==2.0.3", "numpy")


@pytest.mark.parametrize("conda_file", [None, ""])
def test_a_model_brings_its_own_environment(conda_file: str | None) -> None:
    found = packages(spec(is_mlflow=True, conda_file=conda_file), MODELS / "autolog_nyc_taxi")
    assert found == ("scikit-learn==0.22.2.post1", "mlflow", "cloudpickle==1.6.0")


@pytest.mark.parametrize("conda_file", [None, ""])
def test_a_script_without_an_environment_asks_for_nothing(conda_file: str | None) -> None:
    assert packages(spec(is_mlflow=False, code=SCRIPT, conda_file=conda_file)) is None


def test_a_script_of_an_mlflow_model_without_an_environment_gets_the_models_own() -> None:
    found = packages(spec(is_mlflow=True, code=SCRIPT), MODELS / "autolog_nyc_taxi")
    assert found == ("scikit-learn==0.22.2.post1", "mlflow", "cloudpickle==1.6.0")
