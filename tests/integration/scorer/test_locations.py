"""Inputs and outputs that lie elsewhere than in the workspace's own containers."""

from datetime import UTC, datetime, timedelta

import pytest
from azure.storage.blob import BlobSasPermissions, ContainerSasPermissions, generate_blob_sas, generate_container_sas

from local.azurite.endpoints import ACCOUNT_KEY, ACCOUNT_NAME
from shared.contracts.job_spec import Location
from shared.storage.blobs import SECRETS_PARTITION, DatastoreSecret, datastore_secrets

pytestmark = pytest.mark.integration

READ = """
import os

def run(mini_batch):
    return [os.path.basename(f) + "=" + open(f).read() for f in mini_batch]
"""


@pytest.fixture
def container(served, unique_name):
    client = served.account.blobs.create_container(unique_name(), public_access="blob")
    client.upload_blob("in/a.txt", b"one")
    client.upload_blob("in/b.txt", b"two")
    return client


def location(served, container, credential: str, kind: str = "blob_folder", path: str = "in") -> Location:
    return Location(
        kind=kind,
        account_url=served.account.blob_url,
        container=container.container_name,
        path=path,
        credential=credential,
    )


def expiry() -> datetime:
    return datetime.now(UTC) + timedelta(hours=1)


def sas(container) -> str:
    permission = ContainerSasPermissions(read=True, list=True, write=True, create=True)
    return generate_container_sas(
        ACCOUNT_NAME, container.container_name, ACCOUNT_KEY, permission=permission, expiry=expiry()
    )


@pytest.mark.parametrize("secret", ["none", "sas", "key"])
def test_a_folder_is_read_with_the_credential_that_it_names(served, container, unique_name, secret):
    credential = "anonymous"
    if secret != "none":
        name = unique_name("ds")
        document = (
            DatastoreSecret(secrets_type="Sas", sas_token=f"?{sas(container)}")
            if secret == "sas"
            else DatastoreSecret(secrets_type="AccountKey", key=ACCOUNT_KEY)
        )
        datastore_secrets(served.account).put(SECRETS_PARTITION, name, document)
        credential = f"datastore:{name}"
    place = location(served, container, credential)
    job = served.job({}, script=READ, input_location=place, paths=["a.txt", "b.txt"], mini_batch_size=2)
    assert job.lines() == ["a.txt=one", "b.txt=two"]


def test_a_single_blob_is_one_file(served, container):
    place = location(served, container, "account", "blob", "in/b.txt")
    assert served.job({}, script=READ, input_location=place, paths=["b.txt"]).lines() == ["b.txt=two"]


def test_a_url_is_one_file_read_without_credentials(served, container):
    token = generate_blob_sas(
        ACCOUNT_NAME,
        container.container_name,
        "in/a.txt",
        account_key=ACCOUNT_KEY,
        permission=BlobSasPermissions(read=True),
        expiry=expiry(),
    )
    url = f"{served.account.blob_url}/{container.container_name}/in/a.txt"
    place = Location(kind="url", url=f"{url}?{token}", credential="anonymous")
    assert served.job({}, script=READ, input_location=place, paths=["a.txt"]).lines() == ["a.txt=one"]
    place = Location(kind="url", url=f"{url}-not-there?secret=1", credential="anonymous")
    job = served.job({}, script=READ, input_location=place, paths=["a.txt"])
    assert job.wait().failed == 1
    (error,) = job.errors()
    assert "answered HTTP 404" in error["message"]
    assert "secret" not in error["message"]
    job.end()


def test_an_unknown_datastore_fails_the_files_with_its_name(served, container):
    place = location(served, container, "datastore:not-there")
    job = served.job({}, script=READ, input_location=place, paths=["a.txt"])
    assert job.wait().failed == 1
    assert "not-there" in job.errors()[0]["message"]
    job.end()


def test_a_spec_that_this_node_cannot_read_fails_the_job_and_not_the_node(served):
    job = served.job({"a.txt": ""}, script=READ, tickets=0)
    spec = served.account.blobs.get_blob_client("batch-jobs", f"{job.id}/spec.json")
    spec.upload_blob(b"{}", overwrite=True)
    served.send_ticket(job.id)
    assert job.wait_for_failure().step == "node"
    job.end()
    assert served.job({"b.txt": "x"}, script=READ).lines() == ["b.txt=x"]
