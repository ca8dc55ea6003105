"""The work that is measured: input files, a model, and how a job calls it."""

import random
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

FEATURES = 10
_NO_OP = '''"""Does nothing with its files but name them."""

import os


def init() -> None:
    """Nothing to make ready."""


def run(mini_batch: list[str]) -> list[str]:
    """The files' names."""
    return [os.path.basename(path) for path in mini_batch]
'''

_HEAVY = '''"""Computes for about a quarter of a second with each mini-batch."""

import hashlib
import os


def init() -> None:
    """Nothing to make ready."""


def run(mini_batch: list[str]) -> list[str]:
    """Each file's name and a value that takes long to find."""
    return [f"{os.path.basename(path)} {_value(path)}" for path in mini_batch]


def _value(path: str) -> str:
    with open(path, "rb") as stream:
        return hashlib.pbkdf2_hmac("sha256", stream.read(), b"benchmark", 650_000).hex()
'''


@dataclass(frozen=True)
class Workload:
    """Files and what scores them, on this machine's disk."""

    name: str
    title: str
    """What it is, in the words of the report."""
    folder: Path
    files: int
    mini_batch_size: int
    is_mlflow: bool
    rows: int
    """Rows of output that a complete run has."""
    processes: int
    """Scoring processes of the job, loops of the ideal."""

    @property
    def inputs(self) -> Path:
        """The folder of input files."""
        return self.folder / "input"

    @property
    def model(self) -> Path:
        """The model's folder."""
        return self.folder / "model"

    @property
    def code(self) -> Path:
        """The folder of `score.py`; for an MLflow model there is none."""
        return self.folder / "code"

    @property
    def mini_batches(self) -> int:
        """Calls of `run()`."""
        return -(-self.files // self.mini_batch_size)


def make_tiny_files(folder: Path, files: int, processes: int) -> Workload:
    """`files` files of a few bytes for a script that does nothing: all that is left is our own cost."""
    title = f"{files:,} tiny files, a script that does nothing"
    workload = Workload("tiny-files", title, folder, files, 10, is_mlflow=False, rows=files, processes=processes)
    _write_script_and_inputs(workload, _NO_OP)
    return workload


def make_heavy_files(folder: Path, files: int, processes: int) -> Workload:
    """`files` mini-batches of a quarter of a second's computing each: the budget's heavy mini-batches."""
    title = f"{files:,} mini-batches of 0.25 s of computing"
    name = f"heavy-files-{processes}"
    workload = Workload(name, title, folder, files, 1, is_mlflow=False, rows=files, processes=processes)
    _write_script_and_inputs(workload, _HEAVY)
    return workload


def _write_script_and_inputs(workload: Workload, script: str) -> None:
    for path in (workload.inputs, workload.model, workload.code):
        path.mkdir(parents=True)
    for number in range(workload.files):
        (workload.inputs / f"{number:06}.txt").write_text(f"{number}\n")
    (workload.model / "model.txt").write_text("nothing\n")
    (workload.code / "score.py").write_text(script)


def make_csv_files(folder: Path, files: int, rows: int, processes: int) -> Workload:
    """`files` CSV files of `rows` rows for a random forest: the work of a usual model."""
    title = f"{files:,} CSV files of {rows:,} rows, a scikit-learn model in MLflow format"
    name = f"csv-files-{processes}"
    workload = Workload(name, title, folder, files, 5, is_mlflow=True, rows=files * rows, processes=processes)
    workload.inputs.mkdir(parents=True)
    header = ",".join(f"feature_{number}" for number in range(FEATURES))
    source = random.Random(7)
    for number in range(files):
        lines = (",".join(f"{source.random():.6f}" for _ in range(FEATURES)) for _ in range(rows))
        (workload.inputs / f"{number:04}.csv").write_text("\n".join((header, *lines, "")))
    _train(workload.model)
    return workload


def _train(folder: Path) -> None:
    """A forest whose prediction of a file takes a few tenths of a second, with this interpreter's own packages."""
    import mlflow.sklearn
    import numpy
    import pandas
    from sklearn.ensemble import RandomForestRegressor

    source = numpy.random.default_rng(7)
    features = pandas.DataFrame(
        source.random((2_000, FEATURES)), columns=[f"feature_{number}" for number in range(FEATURES)]
    )
    target = features.sum(axis=1) + source.normal(0, 0.1, len(features))
    forest = RandomForestRegressor(n_estimators=100, max_depth=12, n_jobs=1, random_state=7).fit(features, target)
    packages = [f"{name}=={metadata.version(name)}" for name in ("mlflow", "scikit-learn", "pandas")]
    python = f"python={sys.version_info.major}.{sys.version_info.minor}"
    environment = {"channels": ["conda-forge"], "dependencies": [python, "pip", {"pip": packages}]}
    mlflow.sklearn.save_model(
        forest,
        str(folder),
        conda_env=environment,
        signature=mlflow.models.infer_signature(features, forest.predict(features)),
        serialization_format="cloudpickle",
    )
