"""What cannot work is refused in one sentence and leaves nothing behind: no resource, no queue, no hanging job."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.stack.inspection import StackStatus
from shared.contracts.names import task_queue, ticket_queue
from shared.storage.queues import message_count
from tests.e2e.user import User

pytestmark = pytest.mark.e2e

COMPUTE = "bad-input"
GOOD = (
    "import os\n\ndef init():\n    pass\n\ndef run(mini_batch):\n    return [os.path.basename(p) for p in mini_batch]\n"
)
ENDPOINT = f"""\
name: bad-endpoint
type: batch
traffic: {{only: 100}}
deployments:
  - name: only
    model: {{name: bad-model, version: 1, local_path: ./model}}
    code_configuration: {{code: {{local_path: ./code}}, scoring_script: score.py}}
    environment: {{name: bad-env, version: 1, image: python:3.11}}
    compute: {{target: azureml:{COMPUTE}}}
    mini_batch_size: 1
"""


@pytest.fixture(scope="module")
def shop(stack: StackStatus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[User]:
    """A user with a compute and a good endpoint."""
    user = User(Path(stack.data_dir), tmp_path_factory.mktemp("bad-input"))
    user.bml("compute", "create", "-n", COMPUTE, "--max-instances", "2")
    user.script_endpoint("good-endpoint", GOOD, compute=COMPUTE, mini_batch_size=1)
    user.write("input/a.txt", "1")
    yield user
    user.bml("endpoint", "delete", "-n", "good-endpoint", "--yes")
    user.bml("compute", "delete", "-n", COMPUTE, "--yes")


def left_behind(user: User) -> dict[str, object]:
    """Everything that a refused command could have made."""
    kinds = ("endpoint", "model", "environment", "data")
    names = {kind: sorted(each["name"] for each in user.bml(kind, "list")) for kind in kinds}
    queues = sorted(str(queue.name) for queue in user.account.queues.list_queues())
    return {**names, "queues": queues, "jobs": user.bml("endpoint", "list-jobs", "-n", "good-endpoint")}


# Many more are tried without a stack: unit/cli/test_yaml_files.py, unit/cli/test_plan.py.
WRONG_FILES = [
    ({"mini_batch_size": "mini_batch_sise"}, 6, "mini_batch_sise"),
    ({"name: bad-endpoint": "name: 1bad_"}, 6, "1bad_"),
    ({"only: 100": "only: 50"}, 6, "traffic"),
    ({"score.py": "no_run.py"}, 6, "run"),
    ({f"azureml:{COMPUTE}": "azureml:nowhere"}, 3, "nowhere"),
    ({"image: python:3.11": "conda_file: gone.yml"}, 3, "gone.yml"),
    ({"    code_configuration": "    #", "    environment": "    #"}, 6, "MLmodel"),
]


def test_a_file_that_cannot_work_makes_nothing(shop: User) -> None:
    files = {"code/score.py": GOOD, "code/no_run.py": "def init(): pass\n"}
    for name, content in {**files, "model/weights.txt": "1"}.items():
        shop.write(f"bad/{name}", content)
    before = left_behind(shop)
    for changes, code, said in WRONG_FILES:
        text = ENDPOINT
        for old, new in changes.items():
            assert old in text
            text = text.replace(old, new)
        refused(shop, code, said, "endpoint", "create", "-t", "batch", "-f", str(shop.write("bad/endpoint.yml", text)))
    assert left_behind(shop) == before
    shop.bml("endpoint", "create", "-t", "batch", "-f", str(shop.write("bad/endpoint.yml", ENDPOINT)))
    shop.bml("endpoint", "delete", "-n", "bad-endpoint", "--yes")


WRONG_INVOCATIONS = [
    (("--input-path", "{store}/nothing/here"), 6, "does not exist or is an empty folder"),
    (("--input-local-path", "input", "--instance-count", "5"), 6, "at most 2"),
    (("--input-local-path", "input", "--set", "output_file_name=errors.jsonl"), 6, "errors.jsonl"),
    (("--input-local-path", "input", "--set", "retry_settings.timeout=0"), 6, "timeout"),
    (("--input-local-path", "input", "--output-datastore", "azureml:nostore"), 3, "nostore"),
]


def test_an_invocation_that_cannot_work_starts_no_job(shop: User) -> None:
    before = left_behind(shop)
    for words, code, said in WRONG_INVOCATIONS:
        given = [word.format(store=f"{shop.account.blob_url}/azureml-blobstore") for word in words]
        refused(shop, code, said, "endpoint", "invoke", "-n", "good-endpoint", "-t", "batch", *given)
    after = left_behind(shop)
    assert {**after, "data": []} == {**before, "data": []}


def refused(user: User, code: int, said: str, *words: str) -> None:
    done = user.run(*words)
    assert (done.returncode, done.stdout) == (code, ""), f"{words}: {done.stderr}"
    *before, last = done.stderr.splitlines()
    assert (last.startswith("error: "), said in last) == (True, True), done.stderr
    assert not any("error: " in line for line in before), "one sentence"


BROKEN = {
    "an-init-that-fails": ("def init():\n    raise KeyError('weights')\n\ndef run(b):\n    return b\n", "weights"),
    "a-module-that-is-missing": (
        "import no_such_module\n\ndef init(): pass\n\ndef run(b):\n    return b\n",
        "no_such_module",
    ),
    "a-process-that-dies": ("import os\n\ndef init():\n    os._exit(3)\n\ndef run(b):\n    return b\n", "init"),
    "no-success": ("def init(): pass\n\ndef run(b):\n    raise ValueError('never')\n", "never"),
}


def test_jobs_that_cannot_work_fail_with_their_reason(shop: User, eventually: Callable[..., None]) -> None:
    jobs: dict[str, str] = {}
    for kind, (script, said) in BROKEN.items():
        settings = {"max_retries": 1, "timeout": 20}
        shop.script_endpoint(kind, script, compute=COMPUTE, retry_settings=settings)
        jobs[shop.invoke(kind, "--input-local-path", "input")] = said
    for job, said in jobs.items():
        eventually(lambda job=job: shop.ended(job), 120, f"the end of the job that should say {said}")
        shown = shop.job(job)
        assert (shown["status"], said in shown["error"]["message"]) == ("Failed", True), shown["error"]
        stream = shop.run("job", "stream", "-n", job)
        assert (stream.returncode, said in stream.stderr.splitlines()[-1]) == (7, True), stream.stderr
        assert message_count(shop.account.queues, task_queue(shown["properties"]["azureml.childrunid"])) is None
    eventually(lambda: not message_count(shop.account.queues, ticket_queue(COMPUTE)), 30, "the end of their tickets")
    for kind in BROKEN:
        shop.bml("endpoint", "delete", "-n", kind, "--yes")
