from __future__ import annotations

import pytest

pytestmark = pytest.mark.integration

ECHO = """
import os

def init():
    global prefix
    prefix = open(os.path.join(os.environ["AZUREML_MODEL_DIR"], "model", "w")).read()

def run(mini_batch):
    return [f"{prefix}:{os.path.basename(f)}={open(f).read()}" for f in mini_batch]
"""


def test_rows_come_out_in_the_order_of_the_input(served):
    files = {f"f{n:02}.txt": f"c{n}" for n in range(23)}
    job = served.job(files, script=ECHO, mini_batch_size=3, mini_batches_per_task=2, max_concurrency_per_instance=2)
    assert job.lines() == [f"1:{name}={content}" for name, content in files.items()]
    ledger = job.ledger()
    assert not job.errors()
    assert (ledger.succeeded, ledger.failed, ledger.rows) in {(23, 0, 23), (0, 0, 0)}
