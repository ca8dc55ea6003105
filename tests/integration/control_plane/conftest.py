"""The management API of a workspace of its own on the session's Azurite, called with signed tokens."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from starlette.testclient import TestClient

from local.azurite.endpoints import AzuriteEndpoints
from shared.compute.scale_sets import LocalScaleSets
from shared.control_plane.workspace import Workspace
from shared.security.tokens import SigningKeys, TokenVerifier
from shared.settings import Settings
from shared.storage.account import StorageAccount
from shared.storage.blobs import DEFAULT_DATASTORE_CONTAINER, ensure_container
from shared.triggers.http.framework.authorization import authorizer
from shared.triggers.http.management.app import management_app
from shared.triggers.wiring import build
from tests.integration.control_plane.management_api import ManagementApi
from tests.integration.control_plane.scale_set_server import ScaleSetServer, scale_set_server
from tests.signed_tokens import ISSUER, SigningKey, key_server

SCRIPT = "def init():\n    pass\n\n\ndef run(mini_batch):\n    return mini_batch\n"
CONDA = "dependencies:\n- python=3.11\n- pip:\n  - numpy\n"


@pytest.fixture(scope="session")
def signing_key() -> SigningKey:
    return SigningKey("key-1")


@pytest.fixture(scope="session")
def jwks_url(signing_key: SigningKey) -> Iterator[str]:
    with key_server(signing_key) as server:
        yield server.url


def make_workspace(connection_string: str, jwks_url: str) -> Workspace:
    settings = Settings(
        subscription_id="sub-1",
        resource_group="rg-1",
        workspace="ws-1",
        location="local",
        public_url="http://public.example",
        token_issuer=ISSUER,
        token_jwks_url=jwks_url,
        scale_set="local",
    )
    account = StorageAccount(connection_string=connection_string)
    ensure_container(account.blobs, DEFAULT_DATASTORE_CONTAINER)
    return Workspace(settings, account, table=f"resources{uuid.uuid4().hex[:12]}")


@contextmanager
def serve(workspace: Workspace, scale_sets_url: str, key: SigningKey) -> Iterator[ManagementApi]:
    machines = LocalScaleSets(scale_sets_url, "key")
    application = build(workspace, machines)
    settings = workspace.settings
    verifier = TokenVerifier(settings.token_issuer, settings.token_audiences, SigningKeys(settings.token_jwks_url))
    app = management_app(application, authorizer(settings, verifier, application.access, application.jobs))
    with TestClient(app, base_url="http://public.example") as client:
        yield ManagementApi(client, workspace.settings.workspace_id, key)


@pytest.fixture(scope="module")
def scale_sets() -> Iterator[ScaleSetServer]:
    with scale_set_server() as server:
        yield server


@pytest.fixture
def workspace(connection_string: str, jwks_url: str) -> Workspace:
    return make_workspace(connection_string, jwks_url)


@pytest.fixture
def api(workspace: Workspace, signing_key: SigningKey, scale_sets: ScaleSetServer) -> Iterator[ManagementApi]:
    with serve(workspace, scale_sets.url, signing_key) as served:
        yield served


@pytest.fixture
def registered(api: ManagementApi, workspace: Workspace) -> "Registered":
    return register(api, workspace)


@pytest.fixture(scope="module")
def lasting(
    azurite: AzuriteEndpoints, jwks_url: str, signing_key: SigningKey, scale_sets: ScaleSetServer
) -> "Iterator[Registered]":
    """The same for a whole module: for tests that leave nothing behind."""
    workspace = make_workspace(azurite.connection_string, jwks_url)
    with serve(workspace, scale_sets.url, signing_key) as served:
        yield register(served, workspace)


@dataclass(frozen=True)
class Registered:
    """What deployments of these tests refer to; ids are those of the answers."""

    api: ManagementApi
    compute: str
    mlflow_model: str
    custom_model: str
    environment: str
    code: str

    def deployment(self, **changes: object) -> dict[str, object]:
        """The properties of a valid deployment of the MLflow model."""
        return {"model": {"referenceType": "Id", "assetId": self.mlflow_model}, "compute": self.compute} | changes

    def scripted(self, **changes: object) -> dict[str, object]:
        """The properties of a valid deployment of the custom model with a script."""
        return {
            "model": {"referenceType": "Id", "assetId": self.custom_model},
            "compute": self.compute,
            "codeConfiguration": {"codeId": self.code, "scoringScript": "score.py"},
            "environmentId": self.environment,
        } | changes


def register(api: ManagementApi, workspace: Workspace) -> Registered:
    folder = f"LocalUpload/{uuid.uuid4().hex}"
    store = workspace.account.blobs.get_container_client(DEFAULT_DATASTORE_CONTAINER)
    store.upload_blob(f"{folder}/mlflow/MLmodel", "flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n")
    store.upload_blob(f"{folder}/custom/weights.bin", b"1")
    base = f"azureml://datastores/workspaceblobstore/paths/{folder}"
    compute = api.put("computes/Cpu-Cluster", {"properties": {"scaleSettings": {"maxNodeCount": 2}}})
    mlflow = api.put("models/heart/versions/1", {"modelUri": f"{base}/mlflow", "modelType": "mlflow_model"})
    custom = api.put("models/digits/versions/1", {"modelUri": f"{base}/custom", "modelType": "custom_model"})
    environment = api.put("environments/env/versions/1", {"image": "ubuntu", "condaFile": CONDA})
    api.put("batchEndpoints/Heart-Endpoint", {})
    return Registered(
        api,
        compute.json()["id"],
        mlflow.json()["id"],
        custom.json()["id"],
        environment.json()["id"],
        upload_code(api, {"score.py": SCRIPT, "lib/numbers.py": "ONE = 1\n"}),
    )


def upload_code(api: ManagementApi, files: dict[str, str], name: str = "code-1") -> str:
    """The id of a code version made the way the official client makes it."""
    from azure.storage.blob import ContainerClient

    reference = api.post(f"codes/{name}/versions/1/startPendingUpload", {}).json()["blobReferenceForConsumption"]
    container = ContainerClient.from_container_url(reference["credential"]["sasUri"])
    for path, content in files.items():
        container.upload_blob(f"src/{path}", content)
    properties = {"hash_sha256": f"hash-of-{name}", "hash_version": 202208}
    body = {"codeUri": f"{reference['blobUri']}/src", "isAnonymous": True, "properties": properties}
    answer = api.put(f"codes/{name}/versions/1", body)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])
