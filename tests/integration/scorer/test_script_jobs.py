import csv
import io
import json

import pytest
from pyarrow import parquet

from tests.integration.scorer.played_app import wait_until

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


def run_script(served, run: str, files, **settings):
    return served.job(files, script=f"import os, sys, time\n\ndef run(mini_batch):\n    {run}\n", **settings)


def test_results_of_every_accepted_type_become_rows(served):
    script = """
import numpy, pandas, os

def run(mini_batch):
    return eval(open(mini_batch[0]).read())
"""
    cases = {
        '["a.png,7", \'say "hi"\', "line\\nbreak", ""]': 'a.png,7\n"say ""hi"""\n"line\nbreak"\n""\n',
        '("x", 1, None, {"k": [1.5, float("nan")]})': 'x\n1\nnull\n"{""k"": [1.5, null]}"\n',
        "numpy.array([0.1, 2], dtype='float32')": "0.1\n2.0\n",
        "numpy.array([[1, 2], [3, 4]])": "1,2\n3,4\n",
        "pandas.Series(['p', None, 'q'])": 'p\n""\nq\n',
        "pandas.Series([2**53 + 1, None], dtype='Int64')": '9007199254740993\n""\n',
        "(str(n) for n in range(2))": "0\n1\n",
        "iter([True])": "true\n",
    }
    files = {f"{n}.txt": case for n, case in enumerate(cases)}
    job = served.job(files, script=script)
    job.wait()
    assert job.errors() == []
    assert job.finish().decode() == "".join(cases.values())


def test_a_data_frame_gives_a_header_and_its_columns_in_one_order(served):
    script = """
import pandas, os

def run(mini_batch):
    if mini_batch[0].endswith("other.txt"):
        return pandas.DataFrame({"name": ["n"], "else": [1]})
    frame = pandas.DataFrame({"name": ["cat", None, os.path.basename(mini_batch[0])], "x\\ry": [0.5, float("inf"), 1]})
    return frame if mini_batch[0].endswith("a.txt") else frame[["x\\ry", "name"]]
"""
    job = served.job({"a.txt": "", "b.txt": "", "other.txt": ""}, script=script)
    ledger = job.wait()
    assert (ledger.succeeded, ledger.failed) == (2, 1)
    (error,) = job.errors()
    assert error["file"] == "other.txt"
    assert error["message"] == (
        "the result has the columns name, else, the job's other results have the columns name, x y"
    )
    rows = list(csv.reader(io.StringIO(job.finish().decode(), newline="")))
    first = [["cat", "0.5"], ["", "inf"], ["a.txt", "1.0"]]
    assert rows == [["name", "x\ry"], *first, *first[:2], ["b.txt", "1.0"]]


def test_a_parquet_output_is_one_file_with_the_types_of_the_first_result(served):
    script = """
import numpy, os, pandas

def run(mini_batch):
    value = float(open(mini_batch[0]).read())
    return pandas.DataFrame({
        "file": [os.path.basename(mini_batch[0])],
        "value": [int(value) if value.is_integer() else value],
        "embedding": [numpy.full(2, value, dtype="float32")],
    })
"""
    files = {"a.txt": "1", "b.txt": "2", "c.txt": "3.5", "d.txt": "nan"}
    job = served.job(files, script=script, output_file_name="rows.parquet", max_retries=1)
    ledger = job.wait()
    assert (ledger.succeeded, ledger.failed) == (3, 1)
    (error,) = job.errors()
    assert error["file"] == "c.txt"
    assert error["message"].startswith("column 'value' holds 3.5, which is no int64: ")
    table = parquet.read_table(io.BytesIO(job.finish()))
    assert table.select(["file", "value"]).to_pydict() == {"file": ["a.txt", "b.txt", "d.txt"], "value": [1, 2, None]}
    assert [str(kind) for kind in table.schema.types] == ["string", "int64", "list<element: float>"]
    properties = job.output_blob.get_blob_properties()
    assert properties.content_settings.content_type == "application/vnd.apache.parquet"


def test_a_short_result_fails_the_rest_without_a_retry(served):
    script = """
calls = 0

def run(mini_batch):
    global calls
    calls += 1
    return [calls]
"""
    job = served.job({f"{n}.txt": "" for n in range(4)}, script=script, mini_batch_size=2, max_retries=3)
    ledger = job.wait()
    assert (ledger.succeeded, ledger.failed, ledger.rows) == (2, 2, 2)
    errors = job.errors()
    assert [error["items"] for error in errors] == [1, 1]
    assert "returned 1 results for the 2 files of mini-batch 0 (0.txt, 1.txt)" in errors[0]["message"]
    assert job.finish() == b"1\n2\n"


def test_more_results_than_files_count_once_for_each_file(served):
    job = run_script(served, "return ['r'] * 5", {"a.txt": "", "b.txt": ""}, mini_batch_size=2)
    ledger = job.wait()
    assert (ledger.succeeded, ledger.failed, ledger.rows) == (2, 0, 5)
    job.end()


@pytest.mark.parametrize(
    ("body", "error_type", "message"),
    [
        ("raise ValueError('bad pixel')", "ValueError", "bad pixel"),
        ("return {'a': 1}", "ResultError", "run() returned a value of type 'dict'"),
        ("return None", "ResultError", "run() returned None"),
        ("raise OSError('no \\udcff')", "OSError", "no \\udcff"),
        ("sys.exit(3)", "SystemExit", "3"),
        ("os._exit(7)", "ProcessEndedError", "ended with exit code 7 during run()"),
        ("os.kill(os.getpid(), 9)", "ProcessEndedError", "was ended by SIGKILL"),
        ("time.sleep(60)", "TimeoutError", "run() did not end within the timeout of 1 s"),
    ],
)
def test_a_mini_batch_that_fails_is_tried_again_and_then_fails_all_its_files(served, body, error_type, message):
    body = f"sys.stdout.write('try '); {body}"
    limit = 1 if error_type == "TimeoutError" else 60
    job = run_script(served, body, {"a.txt": "", "b.txt": ""}, mini_batch_size=2, max_retries=2, timeout_seconds=limit)
    ledger = job.wait()
    assert (ledger.succeeded, ledger.failed, ledger.rows) == (0, 2, 0)
    errors = job.errors()
    assert [error["file"] for error in errors] == ["a.txt", "b.txt"]
    assert {(error["error_type"], error["attempt"], error["mini_batch"]) for error in errors} == {(error_type, 2, 0)}
    assert message in errors[0]["message"]
    job.end()
    wait_for_log(job, "user/stdout/node-0/process000.stdout.txt", "try try ")


def wait_for_log(job, path: str, text: str) -> str:
    """The log file, once it holds `text`."""
    return wait_until(lambda: text in job.log(path) and job.log(path), f"{text!r} is in {path}", 20)


def test_a_mini_batch_that_recovers_counts_as_succeeded(served):
    script = """
import os

def run(mini_batch):
    mark = os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "tried")
    if not os.path.exists(mark):
        open(mark, "w").close()
        os._exit(1)
    return ["ok"]
"""
    job = served.job({"a.txt": ""}, script=script, max_retries=2)
    ledger = job.wait()
    assert (ledger.succeeded, ledger.failed) == (1, 0)
    assert job.finish() == b"ok\n"


def test_summary_only_counts_and_uploads_the_files_that_the_script_writes(served):
    script = """
import os

def run(mini_batch):
    for path in mini_batch:
        folder = os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "per-file")
        os.makedirs(folder, exist_ok=True)
        with open(os.path.join(folder, os.path.basename(path)), "w") as out:
            out.write(open(path).read().upper())
    return mini_batch
"""
    job = served.job({"a.txt": "one", "b.txt": "two"}, script=script, output_action="SummaryOnly")
    ledger = job.wait()
    assert (ledger.succeeded, ledger.failed, ledger.rows) == (2, 0, 0)
    folder = job.spec.output.folder.path
    assert served.data.download_blob(f"{folder}/per-file/a.txt").readall() == b"ONE"
    assert served.data.download_blob(f"{folder}/per-file/b.txt").readall() == b"TWO"
    job.end()


def test_a_file_that_cannot_be_kept_fails_the_job_with_its_name(served):
    script = """
import os

def run(mini_batch):
    folder = os.environ["AZUREML_BI_OUTPUT_PATH"]
    open(os.path.join(os.fsencode(folder), b"caf\\xe9.txt"), "w").close()
    return mini_batch
"""
    job = served.job({"a.txt": ""}, script=script)
    failure = job.wait_for_failure()
    job.end()
    assert (failure.step, failure.message) == (
        "output",
        "what the script left in AZUREML_BI_OUTPUT_PATH cannot be kept: 'caf\\udce9.txt' cannot be uploaded: "
        "its path in the output has a byte that is not UTF-8, or half a character: U+DCE9",
    )


def test_the_script_sees_azure_mls_environment_and_no_secret(served):
    script = """
import json, os, sys

def run(mini_batch):
    return [json.dumps({"env": dict(os.environ), "argv": sys.argv, "cwd": os.getcwd(), "path": sys.path[0],
                        "files": mini_batch, "modules": sorted(sys.modules)})]
"""
    job = served.job({"sub/a.txt": ""}, script=script, variables={"MY_SETTING": "mine"}, output_file_name="o.jsonl")
    (line,) = job.lines()
    seen = json.loads(json.loads(line))
    environment = seen["env"]
    assert environment["MY_SETTING"] == "mine"
    assert environment["AZUREML_RUN_ID"] == job.id
    assert environment["AZUREML_MODEL_DIR"]
    assert "AccountKey" not in json.dumps(environment)
    assert not [name for name in environment if name.startswith(("BATCH_", "AzureWebJobs"))]
    assert seen["argv"] == ["score.py"]
    assert seen["cwd"].endswith("process000/work")
    assert seen["path"].endswith("/code")
    assert seen["files"][0].endswith("/sub/a.txt")


def test_what_the_script_prints_and_raises_is_in_the_logs_of_its_process(served):
    script = """
import logging, sys

def init():
    print("hello from init")

def run(mini_batch):
    logging.getLogger("mine").info("scoring %d files", len(mini_batch))
    raise KeyError("no such key")
"""
    job = served.job({"a.txt": ""}, script=script, max_retries=2)
    job.wait()
    job.end()
    wait_for_log(job, "user/stdout/node-0/process000.stdout.txt", "hello from init")
    wait_for_log(job, "user/stderr/node-0/process000.stderr.txt", "INFO:mine:scoring 1 files")
    errors = wait_for_log(job, "user/error/node-0/process000.txt", "try 2 of 2")
    assert errors.count("Traceback") == 1
    assert 'score.py", line 9, in run' in errors
    assert "service.py" not in errors
    wait_for_log(job, "sys/node/node-0/node.txt", "mini-batch 0, try 1 of 2: KeyError: 'no such key' (a.txt)")


@pytest.mark.parametrize(
    ("script", "step", "message"),
    [
        ("x = 1", "init", "scoring script score.py has no function run(mini_batch)"),
        ("def run(", "init", "scoring script score.py cannot be imported: SyntaxError: '(' was never closed"),
        ("import not_there\ndef run(m): pass", "init", "No module named 'not_there'"),
        ("def init():\n    raise OSError('no weights')\ndef run(m): pass", "init", "init() raised OSError: no weights"),
        (
            "def init():\n    raise OSError('a\\udcff' * 2_000_000)\ndef run(m): pass",
            "init",
            "raised OSError: a\\udcffa",
        ),
        ("import os\ndef init():\n    os._exit(4)\ndef run(m): pass", "init", "exit code 4 during init()"),
    ],
)
def test_a_script_that_cannot_work_fails_the_job_with_one_sentence(served, script, step, message):
    job = served.job({"a.txt": ""}, script=script)
    failure = job.wait_for_failure()
    job.end()
    assert failure.step == step
    assert message in failure.message
    assert "\n" not in failure.message


def test_an_init_that_takes_too_long_is_tried_three_times(served):
    script = "import time\ndef init():\n    time.sleep(60)\ndef run(m): pass"
    job = served.job({"a.txt": ""}, script=script, init_timeout_seconds=1)
    failure = job.wait_for_failure()
    job.end()
    assert (failure.step, failure.message) == ("init", "init() did not end within 1 s (3 times)")


def test_files_of_folders_and_odd_names_reach_the_script(served):
    names = ["a", "a/b.txt", "sub folder/ü#?.txt", "100%.txt", "x" * 251 + ".txt", "日" * 85, "e\u0301", "\u00e9"]
    script = (
        "assert all(f.endswith('/' + open(f).read()) for f in mini_batch); return [open(f).read() for f in mini_batch]"
    )
    job = run_script(served, script, {n: n for n in names}, paths=names, mini_batch_size=10)
    assert job.lines() == names


def test_a_file_that_is_gone_or_cannot_be_here_fails_alone(served):
    long = "x" * 256
    files = {"a.txt": "", "b.txt": "", long: ""}
    job = run_script(served, "return mini_batch", files, paths=["a.txt", "gone.txt", "b.txt", long], mini_batch_size=4)
    ledger = job.wait()
    assert (ledger.succeeded, ledger.failed) == (2, 2)
    gone, too_long = job.errors()
    assert gone["file"] == "gone.txt"
    assert "does not exist" in gone["message"]
    assert too_long["file"] == long
    assert "a part of its path has 256 bytes" in too_long["message"]
    job.end()


LEAVES_FILES = """
import os, site, subprocess, sys, tempfile

PLACES = [os.getcwd(), os.environ["HOME"], tempfile.gettempdir(), os.environ["AZUREML_BI_OUTPUT_PATH"]]

def run(mini_batch):
    found = [sorted(os.listdir(place)) for place in PLACES]
    for place in PLACES:
        site_folder = os.path.join(place, *site.getusersitepackages().split(os.sep)[-4:])
        os.makedirs(site_folder)
        for name in ("usercustomize.py", "sitecustomize.py", ".pydistutils.cfg", "planted.pth"):
            for folder in (place, site_folder):
                with open(os.path.join(folder, name), "w") as file:
                    file.write("import sys; sys.planted = True\\n")
    asked = "import sys; print(hasattr(sys, 'planted'))"
    child = subprocess.run([sys.executable, "-c", asked], stdout=subprocess.PIPE, cwd="/").stdout.decode().strip()
    return [[found, hasattr(sys, "planted"), child]]
"""


def test_no_job_meets_what_another_one_has_left(served):
    for _ in range(2):
        job = served.job({"a.txt": ""}, script=LEAVES_FILES, max_retries=1, output_file_name="o.jsonl")
        (line,) = job.lines()
        assert json.loads(line) == [[[], [], [], []], False, "False"]


def test_an_environment_variable_that_no_process_can_have_fails_the_job(served):
    job = served.job({"a.txt": ""}, script=ECHO, variables={"A=B": "1"})
    failure = job.wait_for_failure()
    job.end()
    assert (failure.step, failure.message) == (
        "environment",
        "the scoring process cannot be started: the environment variable 'A=B' has '=' in its name",
    )


def test_shutdown_is_called_at_the_end_and_its_files_are_kept(served):
    script = """
import os

def run(mini_batch):
    return mini_batch

def shutdown():
    with open(os.path.join(os.environ["AZUREML_BI_OUTPUT_PATH"], "summary.txt"), "w") as out:
        out.write("done")
    raise ValueError("but not well")
"""
    job = served.job({"a.txt": ""}, script=script)
    job.wait()
    assert [node.shuts_down for node in served.node_rows()] == [True]
    assert len(job.lines()) == 1
    wait_until(lambda: not any(node.shuts_down for node in served.node_rows()), "the node has shut the script down", 20)
    assert served.data.download_blob(f"{job.spec.output.folder.path}/summary.txt").readall() == b"done"
    log = job.log("user/error/node-0/process000.txt")
    assert "shutdown(): ValueError: but not well\nTraceback" in log


LOOKS_AHEAD = """
import glob, os, time

def run(mini_batch):
    inputs = os.path.dirname(os.path.dirname(mini_batch[0]))
    deadline = time.monotonic() + 20
    while not glob.glob(os.path.join(inputs, "*", "b.txt")) and time.monotonic() < deadline:
        time.sleep(0.01)
    return [time.monotonic() < deadline]
"""


def test_the_inputs_of_the_next_task_are_fetched_while_one_is_scored(app):
    app.start_node()
    job = app.job({"a.txt": "", "b.txt": ""}, script=LOOKS_AHEAD, mini_batches_per_task=1)
    assert job.lines() == ["true", "true"]
