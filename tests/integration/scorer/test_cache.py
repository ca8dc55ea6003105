"""What nodes keep on the disk of their machine."""

import pytest

from tests.integration.scorer.played_app import wait_until

pytestmark = pytest.mark.integration

SIZE = """
import os

def run(mini_batch):
    return [os.path.getsize(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model", "w"))]
"""


def test_blobs_that_stand_for_folders_are_no_files_of_a_model(app):
    model = app.upload({"w": b"12", "part/v": b"345"}, "model")
    for name, metadata in {"part": {"hdi_isfolder": "true"}, "part/": None}.items():
        app.data.upload_blob(f"{model.path}/{name}", b"", metadata=metadata)
    app.start_node()
    assert app.job({"a.txt": ""}, script=SIZE, model=model).lines() == ["2"]


def test_a_small_cache_loses_the_model_of_the_job_before_and_keeps_the_one_in_use(app):
    app.start_node(BATCH_NODE_CACHE_MB="1")
    cache = app.folder / "cache" / "models"
    for size in (2_000_000, 3_000_000):
        job = app.job({"a.txt": ""}, script=SIZE, model=app.upload({"w": bytes(size)}, "model"))
        assert job.lines() == [str(size)]
    wait_until(lambda: "removed models/" in app.node_log(), "a model is removed")
    assert [file.stat().st_size for file in cache.glob("*/model/w")] == [3_000_000]
