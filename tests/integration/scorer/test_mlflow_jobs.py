from __future__ import annotations

import csv
import gzip
import io
import json

import mlflow
import pandas as pd
import pytest
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, Schema
from sklearn.linear_model import LinearRegression

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
    assert "2.5 is no whole number" in errors["6-fraction.csv"]
    assert [row[2] for row in read(job.finish())[1:]] == ["1-good.csv", "4-good.csv"]


def test_json_lines_output_has_an_object_for_each_row(served, location, expected):
    job = served.job({"a.csv": "a,b\n1.5,2\n"}, model=location, output_file_name="out.jsonl")
    value = expected(pd.DataFrame({"a": [1.5], "b": [2]}))[0]
    assert [json.loads(line) for line in job.lines()] == [{"row": 0, "prediction": value, "file": "a.csv"}]
