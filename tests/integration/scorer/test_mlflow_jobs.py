import csv
import gzip
import io
import json

import mlflow
import numpy as np
import pandas as pd
import psutil
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema, TensorSpec
from PIL import Image
from sklearn.linear_model import LinearRegression

from tests.integration.scorer.played_app import wait_until

pytestmark = [
    pytest.mark.integration,
    pytest.mark.filterwarnings("ignore"),  # MLflow warns of itself when it is imported
]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A real scikit-learn model whose signature asks for what no CSV holds: float32, int32 and text."""
    folder = tmp_path_factory.mktemp("mlflow") / "my-model"
    frame = pd.DataFrame({"a": [0.0, 1.0, 2.0, 5.0], "b": [1, 0, 2, 3]})
    regression = LinearRegression().fit(frame, [1.0, 2.0, 6.5, 11.0])
    signature = ModelSignature(inputs=Schema([ColSpec("float", "a"), ColSpec("integer", "b")]))
    requirements = ["mlflow", "scikit-learn"]
    mlflow.sklearn.save_model(regression, folder, signature=signature, pip_requirements=requirements)
    return folder


@pytest.fixture(scope="module")
def expected(model):
    """What the model predicts in this process."""
    loaded = mlflow.pyfunc.load_model(str(model))

    def predict(frame: pd.DataFrame) -> list[float]:
        return loaded.predict(frame.astype({"a": "float32", "b": "int32"})).tolist()

    return predict


@pytest.fixture(scope="module")
def location(served, model):
    return served.upload_folder(model, "my-model")


def read(output: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(output.decode())))


def test_every_kind_of_table_gives_the_predictions_of_the_model(served, location, expected):
    frame = pd.DataFrame({"a": [1.5, 0.25, 3.0], "b": [2, 7, -1]})
    parquet = io.BytesIO()
    frame.to_parquet(parquet)
    files = {
        "a.csv": frame.to_csv(index=False),
        "b.CSV.gz": gzip.compress(frame.to_csv(index=False).encode()),
        "c.parquet": parquet.getvalue(),
        "d.jsonl": frame.to_json(orient="records", lines=True),
        "e.json": frame.to_json(orient="records"),
        "sub/f.JSON": json.dumps({"columns": ["b", "a"], "data": frame[["b", "a"]].values.tolist()}),
    }
    job = served.job(files, model=location, mini_batch_size=2, mini_batches_per_task=2)
    job.wait()
    assert not job.errors()
    rows = read(job.finish())
    predictions = [repr(value) for value in expected(frame)]
    assert rows[0] == ["row", "prediction", "file"]
    assert rows[1:] == [[str(n), value, name] for name in files for n, value in enumerate(predictions)]


def test_a_bad_file_fails_alone(served, location, expected):
    good = "a,b\n1.5,2\n"
    files = {
        "1-good.csv": good,
        "2-bad.csv": "a,b\n1.5,many\n",
        "3-empty.csv": "",
        "4-good.csv": good,
        "5-note.docx": "text",
        "6-fraction.csv": "a,b\n1.5,2.5\n",
        "7-header-only.csv": "a,b\n",
    }
    job = served.job(files, model=location, mini_batch_size=10)
    ledger = job.wait()
    assert (ledger.succeeded, ledger.failed, ledger.rows) == (3, 4, 2)
    errors = {error["file"]: error["message"] for error in job.errors()}
    assert list(errors) == ["2-bad.csv", "3-empty.csv", "5-note.docx", "6-fraction.csv"]
    assert "column 'b'" in errors["2-bad.csv"]
    assert "'.docx'" in errors["5-note.docx"]
    assert "row 0 (counted from 0) holds '2.5'" in errors["6-fraction.csv"]
    assert [row[2] for row in read(job.finish())[1:]] == ["1-good.csv", "4-good.csv"]


def test_the_next_job_of_a_model_uses_the_loaded_one_unless_it_has_died(served, location):
    def pid_of(job) -> int:
        lines = wait_until(lambda: job.log("sys/node/node-0/node.txt"), "the log of the node").splitlines()
        started = [line for line in lines if "started, pid" in line]
        return int(started[-1].rpartition(" ")[2]) if started else 0

    def run() -> int:
        job = served.job({"a.csv": "a,b\n1.5,2\n"}, model=location, max_retries=1)
        assert len(job.lines()) == 2
        wait_until(lambda: "ends" in job.log("sys/node/node-0/node.txt"), "the log is complete")
        return pid_of(job)

    pid = run() or next(child.pid for child in psutil.Process(served.nodes[0].pid).children())
    assert run() == 0
    psutil.Process(pid).kill()
    assert run() not in {0, pid}


def test_json_lines_output_has_an_object_for_each_row(served, location, expected):
    job = served.job({"a.csv": "a,b\n1.5,2\n"}, model=location, output_file_name="out.jsonl")
    value = expected(pd.DataFrame({"a": [1.5], "b": [2]}))[0]
    assert [json.loads(line) for line in job.lines()] == [{"row": 0, "prediction": value, "file": "a.csv"}]


@pytest.fixture(scope="module")
def echo(tmp_path_factory):
    """A model with a column of every type, which predicts for each row what it was given."""
    folder = tmp_path_factory.mktemp("mlflow") / "echo"
    code = folder.parent / "echo_model.py"
    code.write_text(
        """
import mlflow, pandas

class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        rows = model_input.astype(object).where(model_input.notna(), None).to_dict("records")
        return pandas.DataFrame({"given": [repr(row) for row in rows]})

mlflow.models.set_model(Echo())
"""
    )
    kinds = ["string", "integer", "long", "float", "double", "boolean", "datetime"]
    signature = ModelSignature(inputs=Schema([ColSpec(kind, kind) for kind in kinds]))
    mlflow.pyfunc.save_model(folder, python_model=str(code), signature=signature, pip_requirements=["mlflow"])
    return folder


def test_a_value_reaches_the_model_from_every_kind_of_file_or_its_file_fails(served, echo):
    frame = pd.DataFrame(
        {
            "string": ["007", "NA", "1.50", None],
            "integer": [1, -2, 3, 4],
            "long": [2**53 + 1, -(2**63), 2**63 - 1, 0],
            "float": [0.1, 16777216.0, None, -1e-3],
            "double": [0.1, 1e300, None, 2.0**60],
            "boolean": [True, False, None, True],
            "datetime": pd.to_datetime(
                ["2021-01-01", "2021-06-01T10:11:12.5", None, "2021-06-01T08:00"], format="ISO8601"
            ),
        }
    )
    parquet = io.BytesIO()
    frame.assign(string=frame["string"].astype("category")).to_parquet(parquet)
    table = frame.assign(datetime=frame["datetime"].dt.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))
    records = table.astype(object).where(table.notna(), None).to_dict("records")
    header, *lines = table.to_csv(index=False).splitlines()
    files = {
        "a.csv": "\n".join([header, *(line + "," for line in lines)]) + "\n",
        "b.parquet": parquet.getvalue(),
        "c.jsonl": "\n".join(map(json.dumps, records)).replace('"1.50"', "1.50"),
        "bad-1.csv": table.assign(long=["1", "2", "3", str(2**63)]).to_csv(index=False),
        "bad-2.csv": table.assign(datetime="2021").to_csv(index=False),
        "bad-3.csv": f"{header}\n{lines[0]}\n{lines[1]},x\n",
        "bad-4.jsonl": "\n{\n",
    }
    job = served.job(files, model=served.upload_folder(echo, "echo"), mini_batch_size=10)
    job.wait()
    errors = {error["file"]: error["message"] for error in job.errors()}
    given = frame.astype({"integer": "int32", "float": "float32", "boolean": object})
    in_process = mlflow.pyfunc.load_model(str(echo)).predict(given)["given"].tolist()
    rows = read(job.finish())[1:]
    for name in ("a.csv", "b.parquet", "c.jsonl"):
        assert [row[1] for row in rows if row[2] == name] == in_process
    assert list(errors) == ["bad-1.csv", "bad-2.csv", "bad-3.csv", "bad-4.jsonl"]
    assert "column 'long' does not hold values of type long" in errors["bad-1.csv"]
    assert f"row 3 (counted from 0) holds '{2**63}'" in errors["bad-1.csv"]
    assert "row 0 (counted from 0) holds '2021'; dates are written as" in errors["bad-2.csv"]
    assert "row 1 (counted from 0) has 8 instead of 7 fields" in errors["bad-3.csv"]
    assert errors["bad-4.jsonl"].startswith("line 2 is no JSON")


@pytest.fixture(scope="module")
def treacherous(served, tmp_path_factory):
    """A model that hangs, dies or raises, as the file says."""
    folder = tmp_path_factory.mktemp("mlflow") / "treacherous"
    code = folder.parent / "treacherous_model.py"
    code.write_text(
        """
import os, time
import mlflow, pandas

class Treacherous(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        what = model_input["what"].iloc[0]
        if what == "hang":
            time.sleep(600)
        if what == "die":
            os._exit(9)
        if what == "leave":
            open("left", "w").close()
        if what == "look":
            what = str(os.listdir())
        if what == "raise":
            raise RuntimeError("no such thing")
        return pandas.DataFrame({"upper": [what.upper()], "row": 1})

mlflow.models.set_model(Treacherous())
"""
    )
    mlflow.pyfunc.save_model(folder, python_model=str(code), pip_requirements=["mlflow"])
    return served.upload_folder(folder, "treacherous")


def test_files_that_hang_or_kill_the_process_fail_alone(served, treacherous):
    whats = ["good", "hang", "fine", "die", "raise", "well"]
    files = {f"{n}-{what}.csv": f"what\n{what}\n" for n, what in enumerate(whats)}
    job = served.job(files, model=treacherous, mini_batch_size=6, max_retries=3, timeout_seconds=6)
    ledger = job.wait(240)
    assert (ledger.succeeded, ledger.failed) == (3, 3)
    errors = {error["file"]: (error["error_type"], error["attempt"], error["message"]) for error in job.errors()}
    assert errors == {
        "1-hang.csv": ("TimeoutError", 3, "the model's predict() did not end within the timeout of 6 s"),
        "3-die.csv": (
            "ProcessEndedError",
            3,
            "the scoring process ended with exit code 9 during the model's predict()",
        ),
        "4-raise.csv": ("RuntimeError", 3, "no such thing"),
    }
    assert read(job.finish()) == [
        ["row", "upper", "prediction_row", "file"],
        ["0", "GOOD", "1", "0-good.csv"],
        ["0", "FINE", "1", "2-fine.csv"],
        ["0", "WELL", "1", "5-well.csv"],
    ]


def test_a_process_that_left_files_is_not_kept_for_the_next_job(served, treacherous):
    assert len(served.job({"a.csv": "what\nleave\n"}, model=treacherous, max_retries=1).lines()) == 2
    job = served.job({"a.csv": "what\nlook\n"}, model=treacherous, max_retries=1)
    assert read("\n".join(job.lines()).encode())[1][1] == "[]"


@pytest.fixture(scope="module")
def echo_of_tensors(served, tmp_path_factory):
    """A model of gray images, 2 high and 3 wide, that predicts the numbers that it was given."""
    folder = tmp_path_factory.mktemp("mlflow") / "tensors"
    code = folder.parent / "tensor_model.py"
    code.write_text(
        """
import mlflow, pandas

class Echo(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return pandas.DataFrame({"given": [f"{row.dtype} {row.ravel().tolist()}" for row in model_input]})

mlflow.models.set_model(Echo())
"""
    )
    signature = ModelSignature(inputs=Schema([TensorSpec(np.dtype("uint8"), (-1, 2, 3, 1))]))
    mlflow.pyfunc.save_model(folder, python_model=str(code), signature=signature, pip_requirements=["mlflow", "pillow"])
    return served.upload_folder(folder, "tensors")


def test_tensors_get_the_values_of_tables_and_images_row_by_row(served, echo_of_tensors):
    def saved(image: Image.Image, kind: str = "PNG") -> bytes:
        content = io.BytesIO()
        image.save(content, kind)
        return content.getvalue()

    pixels = np.array([[0, 10, 20], [30, 40, 250]], "uint8")
    gray = Image.fromarray(pixels)
    parquet = io.BytesIO()
    pd.DataFrame({"v": [[1, 2, 3, 4, 5, 6]]}).to_parquet(parquet)
    files = {
        "columns.csv": "a,b,c,d,e,f\n1,2,3,4,5,6\n7,8,9,10,11,255\n",
        "deep.png": saved(Image.fromarray(pixels.astype("uint16") * 256)),
        "gray.png": saved(gray),
        "lists.parquet": parquet.getvalue(),
        "palette.gif": saved(gray.convert("RGB").quantize(8), "GIF"),
        "too-large.csv": "a,b,c,d,e,f\n1,2,3,4,5,6\n7,8,9,10,11,300\n",
        "turned.png": saved(Image.fromarray(np.ascontiguousarray(pixels.T))),
        "wide.csv": "a,b,c\n1,2,3\n4,5,6\n",
    }
    job = served.job(files, model=echo_of_tensors, mini_batch_size=10)
    job.wait()
    errors = {error["file"]: error["message"] for error in job.errors()}
    assert list(errors) == ["deep.png", "too-large.csv", "turned.png", "wide.csv"]
    assert "column 'f', row 1: 300 cannot be uint8" in errors["too-large.csv"]
    assert "3 pixels high and 2 wide" in errors["turned.png"]
    assert "3 values" in errors["wide.csv"]
    image = f"uint8 {pixels.ravel().tolist()}"
    assert read(job.finish())[1:] == [
        ["0", "uint8 [1, 2, 3, 4, 5, 6]", "columns.csv"],
        ["1", "uint8 [7, 8, 9, 10, 11, 255]", "columns.csv"],
        ["0", image, "gray.png"],
        ["0", "uint8 [1, 2, 3, 4, 5, 6]", "lists.parquet"],
        ["0", image, "palette.gif"],
    ]


@pytest.fixture(scope="module")
def selective(served, tmp_path_factory):
    """A model that returns its table as it is, or does with it what the first cell says."""
    folder = tmp_path_factory.mktemp("mlflow") / "selective"
    code = folder.parent / "selective_model.py"
    code.write_text(
        """
import mlflow, pandas

class Selective(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        kind = model_input["kind"].iloc[0]
        if kind == "dropna":
            return model_input.dropna()
        if kind == "emptied":
            return model_input.iloc[:0]
        if kind == "sorted":
            return model_input.sort_values("x")
        if kind == "nullable":
            return model_input.assign(x=pandas.Series([2**53 + 1, None, 3], dtype="Int64"))
        return {"kind": ["one"]} if kind == "short" else model_input

mlflow.models.set_model(Selective())
"""
    )
    mlflow.pyfunc.save_model(folder, python_model=str(code), pip_requirements=["mlflow"])
    return served.upload_folder(folder, "selective")


def test_predictions_keep_their_values_and_lead_back_to_their_rows(served, selective):
    files = {
        "a.csv": "kind,x\ndropna,0.1\ndropna,\ndropna,0.3\n",
        "b.csv": "kind,x\nsorted,0.1\nsorted,0.7\nsorted,0.3\n",
        "c.csv": "kind,x\nnullable,1\n,2\n,3\n",
        "d.csv": "kind,x\nAnn,0.1\n,0.3\n",
        "e.csv": "kind,x\nemptied,0.1\n",
        "f.csv": "kind,x\nshort,0.1\nshort,0.2\n",
    }
    job = served.job(files, model=selective, mini_batch_size=6, max_retries=1)
    job.wait()
    assert {error["file"]: error["message"].partition(";")[0] for error in job.errors()} == {
        "e.csv": "the model's predict() returned no predictions for the input's only row",
        "f.csv": "the model's predict() returned 1 prediction for the 2 rows of the input",
    }
    assert read(job.finish())[1:] == [
        ["0", "dropna", "0.1", "a.csv"],
        ["2", "dropna", "0.3", "a.csv"],
        ["0", "sorted", "0.1", "b.csv"],
        ["2", "sorted", "0.3", "b.csv"],
        ["1", "sorted", "0.7", "b.csv"],
        ["0", "nullable", "9007199254740993", "c.csv"],
        ["1", "", "", "c.csv"],
        ["2", "", "3", "c.csv"],
        ["0", "Ann", "0.1", "d.csv"],
        ["1", "", "0.3", "d.csv"],
    ]


def test_a_model_that_cannot_be_loaded_fails_the_job_with_the_reason(served, model):
    files = {str(p.relative_to(model)): p.read_bytes() for p in model.rglob("*") if p.is_file()}
    broken = {name: b"not a model" if name.startswith("model.") else content for name, content in files.items()}
    job = served.job({"a.csv": "a,b\n1,1\n"}, model=served.upload(broken, "broken"))
    failure = job.wait_for_failure()
    job.end()
    assert failure.step == "model"
    assert failure.message.startswith("the model cannot be loaded: ")
    assert failure.traceback
