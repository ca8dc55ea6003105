"""Trains the heart disease classifier and saves it as an MLflow model in `model/` beside this file.

The model carries the exact versions of the packages that it was trained with, so that every scorer node can tell
whether its own environment fits or one has to be built.
"""

import shutil
import warnings
from importlib.metadata import version
from os.path import relpath
from pathlib import Path

import mlflow.sklearn
import pandas as pd
from mlflow.models import infer_signature
from sklearn.compose import make_column_transformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

HERE = Path(__file__).parent
PACKAGES = ("mlflow", "scikit-learn", "pandas", "numpy", "scipy", "skops")


def main() -> None:
    rows = pd.read_csv(HERE / "heart-train.csv")
    patients, diagnosis = rows.drop(columns="target"), rows["target"]
    pipeline = make_pipeline(
        make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["thal"]), remainder=StandardScaler()),
        LogisticRegression(max_iter=1000),
    )
    pipeline.fit(patients, diagnosis)

    # MLflow warns that integer columns cannot hold missing values; this data has none.
    warnings.filterwarnings("ignore", message="Hint: Inferred schema", category=UserWarning)
    model = HERE / "model"
    shutil.rmtree(model, ignore_errors=True)
    mlflow.sklearn.save_model(
        pipeline,
        model,
        signature=infer_signature(patients, pipeline.predict(patients)),
        pip_requirements=[f"{package}=={version(package)}" for package in PACKAGES],
    )
    accuracy = pipeline.score(patients, diagnosis)
    print(f"Trained on {len(rows)} rows, accuracy on them {accuracy:.3f}; saved to {relpath(model)}")


if __name__ == "__main__":
    main()
