from pathlib import Path

import pytest

from tests.compat.conftest import LocalFiles
from tests.compat.remote_client import ClientError, RemoteClient

pytestmark = pytest.mark.e2e

Name = tuple[str, str]


def test_a_custom_model_is_created_from_a_folder(client: RemoteClient, custom_model: Name) -> None:
    found = client.run("get_asset", kind="models", name=custom_model[0], version=custom_model[1])
    assert found["type"] == "custom_model"
    assert found["path"].endswith("/custom-model")


def test_a_custom_model_is_created_from_a_file(client: RemoteClient, files: LocalFiles) -> None:
    file = Path(files.folder("one-file", weights_bin="12345")) / "weights.bin"
    made = client.run("create_model", name="from-file", path=str(file), type="custom_model", description="One file")
    assert made["version"] == "1"
    assert made["path"].endswith("/weights.bin")
    assert client.run("get_asset", kind="models", name="from-file", label="latest")["description"] == "One file"


def test_an_mlflow_model_is_created_with_its_flavors(client: RemoteClient, mlflow_model: Name) -> None:
    found = client.run("get_asset", kind="models", name=mlflow_model[0], version=mlflow_model[1])
    assert found["type"] == "mlflow_model"
    assert "python_function" in found["flavors"]


def test_models_and_their_versions_are_listed(client: RemoteClient, custom_model: Name, files: LocalFiles) -> None:
    folder = files.folder("second-model", weights_txt="2.5")
    client.run("create_model", name="many", path=folder, type="custom_model")
    client.run("create_model", name="many", path=folder, type="custom_model")
    assert {"custom", "many"} <= set(client.run("list_assets", kind="models"))
    assert sorted(client.run("list_assets", kind="models", name="many")) == ["1", "2"]


def test_a_model_is_downloaded(client: RemoteClient, custom_model: Name, tmp_path: Path) -> None:
    client.run("download_model", name=custom_model[0], version=custom_model[1], folder=str(tmp_path))
    assert [file.read_text() for file in tmp_path.rglob("weights.txt")] == ["1.5"]


def test_a_version_is_archived_and_restored(client: RemoteClient, files: LocalFiles) -> None:
    folder = files.folder("archived", x_txt="x")
    client.run("create_model", name="archived", path=folder, type="custom_model", version="7")
    client.run("archive_asset", kind="models", name="archived", version="7")
    assert client.run("list_assets", kind="models", name="archived") == []
    client.run("restore_asset", kind="models", name="archived", version="7")
    assert client.run("list_assets", kind="models", name="archived") == ["7"]


def test_data_is_created_from_a_folder(client: RemoteClient, inputs: str) -> None:
    made = client.run("create_data", name="folder-data", path=inputs, type="uri_folder", tags={"a": "b"})
    found = client.run("get_asset", kind="data", name="folder-data", version=made["version"])
    assert (found["type"], found["tags"]) == ("uri_folder", {"a": "b"})
    assert "folder-data" in client.run("list_assets", kind="data")


def test_data_is_created_from_a_file(client: RemoteClient, inputs: str) -> None:
    made = client.run("create_data", name="file-data", path=f"{inputs}/a.csv", type="uri_file", version="3")
    assert (made["version"], made["type"]) == ("3", "uri_file")
    assert client.run("list_assets", kind="data", name="file-data") == ["3"]


def test_an_environment_with_a_conda_file_is_created_and_found(client: RemoteClient, files: LocalFiles) -> None:
    conda = Path(files.folder("conda", env_yaml="dependencies: [python=3.11]\n")) / "env.yaml"
    made = client.run("create_environment", name="env", version="1", image="python:3.11", conda_file=str(conda))
    assert made["image"] == "python:3.11"
    found = client.run("get_asset", kind="environments", name="env", version="1")
    assert found["conda_file"] == {"dependencies": ["python=3.11"]}
    assert "env" in client.run("list_assets", kind="environments")


def test_an_environment_without_a_version_gets_the_next_one_when_it_differs(client: RemoteClient) -> None:
    first = client.run("create_environment", name="counted", image="python:3.11")
    second = client.run("create_environment", name="counted", image="python:3.12")
    assert (first["version"], second["version"]) == ("1", "2")


def test_an_asset_that_is_not_there_is_a_not_found_error(client: RemoteClient) -> None:
    with pytest.raises(ClientError, match="nobody"):
        client.run("get_asset", kind="models", name="nobody", version="1")


@pytest.mark.parametrize("kind", ["data", "environments"])
def test_all_versions_are_archived_and_restored(client: RemoteClient, inputs: str, kind: str) -> None:
    name = f"whole-{kind}"
    if kind == "data":
        client.run("create_data", name=name, path=inputs, type="uri_folder")
    else:
        client.run("create_environment", name=name, image="python:3.11")
    client.run("archive_asset", kind=kind, name=name)
    assert name not in client.run("list_assets", kind=kind)
    client.run("restore_asset", kind=kind, name=name)
    assert name in client.run("list_assets", kind=kind)
