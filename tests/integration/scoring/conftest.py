"""The scoring surface over a real workspace: a compute, a model and an endpoint with two deployments."""

from collections.abc import Callable

import pytest
from starlette.requests import Request
from starlette.testclient import TestClient

from shared.compute.scale_sets import LocalScaleSets
from shared.contracts.bodies import ResourceBody
from shared.control_plane.assets.registration import put_data, put_model
from shared.control_plane.computes import put_compute
from shared.control_plane.endpoints.deployments import put_deployment
from shared.control_plane.endpoints.endpoints import put_endpoint
from shared.control_plane.resource_table import Change
from shared.control_plane.workspace import Workspace
from shared.security.access import Caller
from shared.storage.account import StorageAccount
from shared.storage.blobs import DEFAULT_DATASTORE_CONTAINER, ensure_container
from shared.triggers.http.scoring import scoring_app
from shared.triggers.wiring import Application, build
from tests.integration.workspace_settings import SETTINGS

MLMODEL = "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n"


@pytest.fixture
def application(connection_string: str, unique_table_name: Callable[[str], str]) -> Application:
    account = StorageAccount(connection_string=connection_string)
    workspace = Workspace(SETTINGS, account, table=unique_table_name("resources"))
    # Nothing listens there: an invocation never waits for machines.
    return build(workspace, LocalScaleSets("http://127.0.0.1:9", "key"))


@pytest.fixture
def folder(application: Application, unique_name: Callable[[str], str]) -> str:
    """A folder of the default datastore with a model and three input files."""
    container = ensure_container(application.account.blobs, DEFAULT_DATASTORE_CONTAINER)
    folder = unique_name("folder")
    for name, text in {"model/MLmodel": MLMODEL, "data/a.csv": "1", "data/b.csv": "2", "data/c.csv": "3"}.items():
        container.upload_blob(f"{folder}/{name}", text)
    return folder


@pytest.fixture
def endpoint(application: Application, folder: str, unique_name: Callable[[str], str]) -> str:
    """An endpoint with the deployments `active` (the default) and `other`."""
    name, workspace, change = unique_name("heart"), application.workspace, Change()

    def put(function: Callable[..., object], *names: str, **properties: object) -> None:
        function(workspace, *names, ResourceBody(properties=properties), change)

    store = f"azureml://datastores/workspaceblobstore/paths/{folder}"
    scale = {"scaleSettings": {"minNodeCount": 0, "maxNodeCount": 2}}
    put(put_compute, "scoring-cluster", computeType="AmlCompute", properties=scale)
    put(put_model, "m", "1", modelUri=f"{store}/model", modelType="mlflow_model")
    put(put_data, "d", "1", dataUri=f"{store}/data/", dataType="uri_folder")
    put(put_endpoint, name)
    reference = {
        "model": {"referenceType": "Id", "assetId": f"{SETTINGS.workspace_id}/models/m/versions/1"},
        "compute": f"{SETTINGS.workspace_id}/computes/scoring-cluster",
    }
    put(put_deployment, name, "active", **reference, miniBatchSize=5)
    put(put_deployment, name, "other", **reference)
    put(put_endpoint, name, defaults={"deploymentName": "active"})
    return name


@pytest.fixture
def client(application: Application) -> TestClient:
    def authorize(request: Request) -> Caller:
        request.state.caller = Caller(oid="o", name="tester", tenant="t")
        return request.state.caller

    return TestClient(scoring_app(application, authorize))
