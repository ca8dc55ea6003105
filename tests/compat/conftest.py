"""One stack with TLS and one process of the official client for all tests of this folder."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from local.stack.environment import client_environment
from local.stack.inspection import StackStatus
from local.stack.lifecycle import temporary_stack
from local.stack.options import StackOptions
from tests.compat.client_environment import client_python
from tests.compat.remote_client import RemoteClient

COMPUTE = "cpu-cluster"
IMAGE = "python:3.11"
SCRIPT = """
import os, time

def init():
    print("the model is there:", os.listdir(os.environ["AZUREML_MODEL_DIR"]))

def run(mini_batch):
    print("scoring", len(mini_batch), "files")
    for path in mini_batch:
        if "bad" in os.path.basename(path):
            raise ValueError("this file cannot be scored")
        if "slow" in os.path.basename(path):
            time.sleep(600)
    return [os.path.basename(path) for path in mini_batch]
"""
MLMODEL = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    env: conda.yaml\n"


@pytest.fixture(scope="session")
def secure_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StackStatus]:
    """A whole local stack that speaks TLS."""
    with temporary_stack(StackOptions(tmp_path_factory.mktemp("secure-stack"), https=True)) as status:
        yield status


@pytest.fixture(scope="session")
def client_variables(secure_stack: StackStatus) -> dict[str, str]:
    """The environment of a user who has taken the lines of `bml local env`."""
    added = client_environment(Path(secure_stack.data_dir)) | {"AZUREML_RUN_POLLING_INTERVAL_MIN": "1"}
    return {**os.environ, **added}


@pytest.fixture(scope="session")
def client(client_variables: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[RemoteClient]:
    """The official client, unmodified."""
    client = RemoteClient(client_python(), client_variables, tmp_path_factory.mktemp("client"))
    yield client
    client.end()


@dataclass(frozen=True)
class LocalFiles:
    """A user's folders."""

    root: Path

    def folder(self, name: str, **files: str) -> str:
        """A folder with these files; in their names `_` stands for a dot."""
        folder = self.root / name
        folder.mkdir(parents=True, exist_ok=True)
        for file, content in files.items():
            (folder / file.replace("_", ".")).write_text(content)
        return str(folder)


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> LocalFiles:
    return LocalFiles(tmp_path_factory.mktemp("files"))


@pytest.fixture(scope="session")
def compute(client: RemoteClient) -> str:
    return str(client.run("create_compute", name=COMPUTE)["name"])


@pytest.fixture(scope="session")
def custom_model(client: RemoteClient, files: LocalFiles) -> tuple[str, str]:
    """Name and version of a model that a script scores, uploaded from a folder."""
    folder = files.folder("custom-model", weights_txt="1.5")
    return _named(client.run("create_model", name="custom", path=folder, type="custom_model", version="1"))


@pytest.fixture(scope="session")
def mlflow_model(client: RemoteClient, files: LocalFiles) -> tuple[str, str]:
    """Name and version of an MLflow model, uploaded from a folder."""
    folder = files.folder("mlflow-model", MLmodel=MLMODEL, conda_yaml="dependencies: [python=3.11]\n")
    return _named(client.run("create_model", name="mlflow", path=folder, type="mlflow_model", version="1"))


@pytest.fixture(scope="session")
def code(files: LocalFiles) -> str:
    return files.folder("code", score_py=SCRIPT)


@pytest.fixture(scope="session")
def endpoint(client: RemoteClient, compute: str, custom_model: tuple[str, str], code: str) -> str:
    """An endpoint with the deployments `scripted`, its default, and `other`."""
    client.run("create_endpoint", name="scored", description="Scores files", tags={"team": "a"})
    common = {"endpoint": "scored", "model": custom_model, "compute": compute, "code": code, "image": IMAGE}
    client.run("create_deployment", name="scripted", **common, settings={"mini_batch_size": 2})
    client.run("create_older_deployment", name="other", **common, settings={"mini_batch_size": 1})
    client.run("set_default", name="scored", deployment="scripted")
    return "scored"


@pytest.fixture(scope="session")
def inputs(files: LocalFiles) -> str:
    """A folder with three files to score."""
    return files.folder("inputs", a_csv="1", b_csv="2", c_csv="3")


def _named(asset: dict[str, str]) -> tuple[str, str]:
    return asset["name"], asset["version"]
