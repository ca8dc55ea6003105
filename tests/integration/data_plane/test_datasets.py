from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from shared.contracts.bodies import ResourceBody
from shared.contracts.job import JobDocument
from shared.contracts.job_spec import Location, OutputSpec
from shared.control_plane.datastores.datastores import put_datastore
from shared.control_plane.resource_table import Change
from shared.triggers.http.history import datasets_app, output_asset_id
from shared.triggers.wiring import Application
from tests.integration.data_plane.conftest import WORKSPACE_PATH
from tests.integration.workspace_settings import SETTINGS

pytestmark = pytest.mark.integration

RESOLVE = f"/data/v1.0{WORKSPACE_PATH}/dataversion/batchGetResolvedUris?api-version=1.5.0"


@pytest.fixture
def job(application: Application, add_job: Callable[..., JobDocument], unique_name: Callable[[str], str]):
    """Makes a job whose output lies in a container of the account."""

    def make(container: str) -> JobDocument:
        folder = Location(
            kind="blob_folder", account_url=application.account.blob_url, container=container, path="a/score"
        )
        return add_job(output=OutputSpec(folder=folder, file_name="predictions.csv"))

    return make


def resolved(client: TestClient, job: JobDocument) -> str:
    asset = output_asset_id(SETTINGS, job)
    return client.post(RESOLVE, json={"values": [asset]}).json()["values"][asset]["uri"]


def test_an_output_is_found_in_the_datastore_that_has_its_container(
    serve: Callable[..., TestClient], application: Application, job, unique_name: Callable[[str], str]
) -> None:
    client, container = serve(datasets_app), unique_name("other")
    body = ResourceBody(
        properties={
            "datastoreType": "AzureBlob",
            "accountName": application.account.account_name,
            "containerName": container,
            "credentials": {"credentialsType": "None"},
        }
    )
    put_datastore(application.workspace, "other", body, Change(), validate=False)
    base = "azureml://subscriptions/s/resourceGroups/g/workspaces/w/datastores"
    assert resolved(client, job("azureml-blobstore")) == f"{base}/workspaceblobstore/paths/a/score/"
    assert resolved(client, job(container)) == f"{base}/other/paths/a/score/"


def test_an_output_whose_datastore_is_gone_says_so(serve: Callable[..., TestClient], job) -> None:
    asset = output_asset_id(SETTINGS, job("deleted-container"))
    answer = serve(datasets_app).post(RESOLVE, json={"values": [asset]})
    assert answer.status_code == 404
    assert "has been deleted" in answer.json()["error"]["message"]


def test_an_id_that_is_not_an_output_is_refused_by_name(serve: Callable[..., TestClient]) -> None:
    answer = serve(datasets_app).post(RESOLVE, json={"values": ["azureml://elsewhere"]})
    assert answer.status_code == 400
    assert "azureml://elsewhere" in answer.json()["error"]["message"]
