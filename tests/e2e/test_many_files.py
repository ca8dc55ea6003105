"""A job of 6,000 files: no row is lost, none is there twice, and they come out in order."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import urllib3

from shared.storage.blobs import DEFAULT_DATASTORE_CONTAINER, ensure_container
from shared.storage.sas import container_sas

pytestmark = pytest.mark.e2e

FILES = 6_000
"""More than one page of a listing, which has 5,000 blobs (Azure Storage)."""
SCRIPT = """
import os

def init():
    pass

def run(mini_batch):
    return [f"{os.path.basename(path)}:{open(path).read()}" for path in mini_batch]
"""


def upload(account, folder):
    """Plain requests: the SDK would take most of the test's time."""
    ensure_container(account.blobs, DEFAULT_DATASTORE_CONTAINER)
    sas = container_sas(account, DEFAULT_DATASTORE_CONTAINER, "cw", timedelta(hours=1))
    http = urllib3.PoolManager(maxsize=4, headers={"x-ms-blob-type": "BlockBlob"})

    def put(n):
        url = f"{account.blob_url}/{DEFAULT_DATASTORE_CONTAINER}/{folder}/{n % 7}/{n:05}.txt?{sas}"
        return http.request("PUT", url, body=str(n * n)).status

    with ThreadPoolExecutor(4) as pool:
        assert set(pool.map(put, range(FILES))) == {201}


def test_every_one_of_six_thousand_one_row_files_is_scored_once_and_in_order(user, eventually, unique_name):
    compute, endpoint, folder = unique_name("cpu"), unique_name("many"), unique_name("many")
    user.bml("compute", "create", "-n", compute, "--max-instances", "2")
    user.script_endpoint(endpoint, SCRIPT, compute=compute, mini_batch_size=20)
    upload(user.account, folder)
    job = user.invoke(
        endpoint,
        *("--input-datastore", "azureml:workspaceblobstore", "--input-path", folder, "--instance-count", "2"),
    )
    eventually(lambda: user.ended(job), 300, "the end of the job")
    in_order = sorted(range(FILES), key=lambda n: (n % 7, n))
    assert user.output(job) == "".join(f"{n:05}.txt:{n * n}\n" for n in in_order)
    assert user.job(job)["statistics"]["succeeded"] == FILES
