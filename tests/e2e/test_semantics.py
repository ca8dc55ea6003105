"""How jobs behave towards each other and towards changes made while they run, on a whole stack.

A scoring script says that it has begun and then waits for a file, its gate, so that a test decides how long it runs.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pyarrow import parquet

from local.stack.inspection import StackStatus
from shared.contracts.names import task_queue
from shared.contracts.progress import ProgressRow
from shared.storage.queues import message_count
from shared.storage.rows import RowTable
from tests.e2e.user import User

pytestmark = pytest.mark.e2e

Eventually = Callable[..., None]
COMPUTE = "semantics"
SCRIPT = """
import os, time, uuid

NODE = os.getppid()

def init():
    print("the word is", os.environ["WORD"], flush=True)

def run(mini_batch):
    if "GATE" in os.environ:
        open(f"{os.environ['GATE']}.begun-{uuid.uuid4()}", "w").close()
        while not os.path.exists(os.environ["GATE"]):
            time.sleep(0.02)
    return [f"{os.path.basename(path)},{os.environ['WORD']},{NODE}" for path in mini_batch]

def shutdown():
    if "SUMMARY" in os.environ:
        time.sleep(1)
        with open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "summary.txt"), "w") as summary:
            summary.write(os.environ["SUMMARY"])
"""


class Scene:
    """A user with an endpoint of their own on the compute of this module, which has two nodes at most."""

    def __init__(self, user: User, name: str, eventually: Eventually) -> None:
        self.user = user
        self.name = name
        self.eventually = eventually

    def leave(self) -> None:
        """Delete the endpoint, unless the test has done so."""
        self.user.run("endpoint", "delete", "-n", self.name, "--yes")

    def start(self, *words: str, gate: str = "") -> str:
        """A new job, held at `gate` if one is named."""
        held = ("--set", f"environment_variables.GATE={self.user.folder / gate}") if gate else ()
        return self.user.invoke(self.name, "--input-local-path", "input", *held, *words)

    def begun(self, gate: str, processes: int) -> None:
        """Wait until so many mini-batches are held at the gate."""
        waiting = f"{gate}.begun-*"

        def reached() -> bool:
            return len(list(self.user.folder.glob(waiting))) >= processes

        self.eventually(reached, 60, f"{processes} mini-batches at the gate")

    def open(self, gate: str) -> None:
        self.user.write(gate, "")

    def end(self, job: str) -> dict[str, Any]:
        """The job after its end; nothing of it is left in queues and tables."""
        self.eventually(lambda: self.user.ended(job), 90, f"the end of {job}")
        shown = self.user.job(job)
        run = shown["properties"]["azureml.childrunid"]
        account = self.user.account
        assert message_count(account.queues, task_queue(run)) is None
        progress = RowTable(account.tables, "progress", ProgressRow)
        self.eventually(lambda: not list(progress.partition(run)), 30, "the removal of its progress rows")
        return shown

    def columns(self, job: str) -> list[list[str]]:
        """The rows of the output."""
        return [line.split(",") for line in self.user.output(job).splitlines()]


@pytest.fixture(scope="module")
def compute(stack: StackStatus, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    user = User(Path(stack.data_dir), tmp_path_factory.mktemp("compute"))
    user.bml("compute", "create", "-n", COMPUTE, "--min-instances", "0", "--max-instances", "2")
    yield COMPUTE
    user.bml("compute", "delete", "-n", COMPUTE, "--yes")


@pytest.fixture
def scene(user: User, compute: str, unique_name: Callable[[str], str], eventually: Eventually) -> Iterator[Scene]:
    scene = Scene(user, unique_name("ep"), eventually)
    user.script_endpoint(
        scene.name,
        SCRIPT,
        compute=compute,
        mini_batch_size=1,
        environment_variables={"WORD": "first"},
        retry_settings={"timeout": 120},
    )
    for number in range(4):
        user.write(f"input/{number}.txt", str(number))
    yield scene
    scene.leave()


def second_deployment(scene: Scene) -> Path:
    """The file of a deployment that says another word."""
    endpoint = scene.user.folder / scene.name / "endpoint.yml"
    text = endpoint.read_text()
    assert "first" in text
    described = yaml.safe_load(text)["deployments"][0]
    described |= {"name": "second", "environment_variables": {"WORD": "second"}}
    return scene.user.write(f"{scene.name}/second.yml", described)


def test_a_deployment_is_added_and_activated_while_jobs_of_the_first_run(scene: Scene) -> None:
    user = scene.user
    old = scene.start(gate="gate")
    scene.begun("gate", 1)
    file = str(second_deployment(scene))
    user.bml("endpoint", "update", "-n", scene.name, "-t", "batch", "--deployment-file", file)
    before = scene.start()
    user.bml("endpoint", "update", "-n", scene.name, "-t", "batch", "--traffic", "second:100")
    after = scene.start()
    by_name = scene.start("--deployment", "scripted")
    words = {job: {row[1] for row in scene.columns(job)} for job in (before, after, by_name) if scene.end(job)}
    assert words == {before: {"first"}, after: {"second"}, by_name: {"first"}}
    assert user.job(old)["status"] == "Running"
    scene.open("gate")
    assert scene.end(old)["status"] == "Completed"
    assert {row[1] for row in scene.columns(old)} == {"first"}


def test_jobs_outlive_their_endpoint(scene: Scene) -> None:
    job = scene.start(gate="gate")
    scene.begun("gate", 1)
    scene.user.bml("endpoint", "delete", "-n", scene.name, "-t", "batch", "--yes")
    assert scene.user.run("endpoint", "show", "-n", scene.name).returncode == 3
    scene.open("gate")
    assert scene.end(job)["status"] == "Completed"
    assert [row[0] for row in scene.columns(job)] == ["0.txt", "1.txt", "2.txt", "3.txt"]


def test_two_jobs_share_a_cluster_that_is_too_small_for_both(scene: Scene) -> None:
    """The first takes both nodes, by an instance count of its own; the second begins when they are free."""
    first = scene.start("--instance-count", "2", gate="gate")
    scene.begun("gate", 2)
    second = scene.start()
    scene.eventually(lambda: scene.user.job(first)["statistics"]["nodes"] == 2, 60, "both nodes are counted")
    assert scene.user.job(second)["status"] in {"NotStarted", "Queued"}
    scene.open("gate")
    counts = [scene.end(job)["settings"]["compute"]["instance_count"] for job in (first, second)]
    rows = [scene.columns(job) for job in (first, second)]
    assert [[row[0] for row in each] for each in rows] == [["0.txt", "1.txt", "2.txt", "3.txt"]] * 2
    assert [len({row[2] for row in each}) for each in rows] == counts == [2, 1], "so many nodes worked on each"


def test_canceling_a_running_job_frees_its_nodes_at_once(scene: Scene) -> None:
    hanging = scene.start("--instance-count", "2", gate="never")
    scene.begun("never", 2)
    waiting = scene.start("--instance-count", "2")
    assert scene.user.bml("job", "cancel", "-n", hanging)["status"] == "Canceled"
    assert scene.end(hanging)["status"] == "Canceled"
    assert scene.end(waiting)["status"] == "Completed"
    again = scene.user.run("job", "cancel", "-n", hanging)
    assert again.returncode == 0, "a job that has ended stays as it is"
    stream = scene.user.run("job", "stream", "-n", hanging)
    assert (stream.returncode, "it was canceled" in stream.stderr) == (7, True)


FAILING = """
import os, pathlib, time

def init():
    print("ready for", os.environ["AZUREML_BI_OUTPUT_PATH"] != "", flush=True)

def run(mini_batch):
    results = []
    for path in map(pathlib.Path, mini_batch):
        if path.name == "1.txt":
            time.sleep(60)
        if path.name == "2.txt":
            raise ValueError(f"{path.name} is not to be had")
        (pathlib.Path(os.environ["AZUREML_BI_OUTPUT_PATH"]) / f"{path.stem}.upper").write_text("SCORED")
        results.append(path.name)
    return results
"""


@pytest.fixture
def failing(scene: Scene, compute: str) -> Iterator[Scene]:
    """A scene with a script that hangs at one file, fails at another, and writes files of its own."""
    scene = Scene(scene.user, f"{scene.name}-f", scene.eventually)
    settings = {"mini_batch_size": 1, "retry_settings": {"timeout": 4, "max_retries": 2}}
    scene.user.script_endpoint(scene.name, FAILING, compute=compute, **settings)
    yield scene
    scene.leave()


def test_what_hangs_or_fails_is_tried_again_then_listed_and_the_rest_is_kept(failing: Scene) -> None:
    job = failing.start("--set", "output_action=summary_only")
    shown = failing.end(job)
    assert (shown["status"], shown["statistics"]["succeeded"], shown["statistics"]["failed"]) == ("Completed", 2, 2)
    target = failing.user.folder / "results"
    failing.user.bml("job", "download", "-n", job, "-p", str(target))
    assert sorted(path.name for path in target.iterdir() if path.is_file()) == ["0.upper", "3.upper", "errors.jsonl"]
    errors = [json.loads(line) for line in (target / "errors.jsonl").read_text().splitlines()]
    seen = [(error["file"], error["attempt"], error["error_type"]) for error in errors]
    assert seen == [("1.txt", 2, "TimeoutError"), ("2.txt", 2, "ValueError")]
    assert "2.txt is not to be had" in errors[1]["traceback"]
    logs = {"/".join(path.relative_to(target).parts[:3]) for path in (target / "logs").rglob("*.txt")}
    assert logs >= {"logs/user/stdout", "logs/user/error", "logs/sys/node"}


def test_a_place_where_a_job_failed_may_be_used_again(failing: Scene) -> None:
    """Too many failures end the first job early; the second has the place, and the list of failures, to itself."""
    place = ("--output-path", f"places/{failing.name}", "--set", "retry_settings.max_retries=1")
    first = failing.end(failing.start(*place, "--set", "error_threshold=0"))
    assert (first["status"], first["error"]["code"]) == ("Failed", "ErrorThresholdExceeded")
    assert "predictions.csv" not in downloaded(failing, first["name"])
    second = failing.end(failing.start(*place))
    assert second["status"] == "Completed"
    files = downloaded(failing, second["name"])
    assert files["predictions.csv"] == "0.txt\n3.txt\n"
    assert [json.loads(line)["file"] for line in files["errors.jsonl"].splitlines()] == ["1.txt", "2.txt"]


def downloaded(scene: Scene, job: str) -> dict[str, str]:
    """The job's output folder."""
    target = scene.user.folder / "places" / job
    scene.user.bml("job", "download", "-n", job, "-p", str(target), "--output-name", "score")
    return {path.name: path.read_text() for path in target.iterdir()}


def test_a_completed_job_has_its_parquet_file_and_what_the_shutdown_of_its_script_wrote(scene: Scene) -> None:
    job = scene.start("--set", "output_file_name=rows.parquet", "--set", "environment_variables.SUMMARY=all is well")
    scene.eventually(lambda: scene.user.ended(job), 90, f"the end of {job}")
    target = scene.user.folder / "results"
    scene.user.bml("job", "download", "-n", job, "-p", str(target), "--output-name", "score")
    assert {path.name for path in target.rglob("*") if path.is_file()} == {"rows.parquet", "summary.txt"}
    (summary,) = target.rglob("summary.txt")
    (rows,) = target.rglob("rows.parquet")
    assert summary.read_text() == "all is well"
    predictions = parquet.read_table(rows).column("prediction").to_pylist()
    assert [prediction.split(",")[0] for prediction in predictions] == [f"{number}.txt" for number in range(4)]
