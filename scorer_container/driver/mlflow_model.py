"""An MLflow model without a script: each file is read, predicted and counted by itself."""

import logging
from typing import Any

from .results.input_rows import InputRows, count_rows
from .results.predictions import prediction_rows
from .results.rows import Rows
from .tables.images import is_image
from .tables.model_input import ModelInput
from .values.failures import DeploymentError, with_type


class MlflowModel:
    """A loaded model with the `python_function` flavor."""

    def __init__(self, folder: str) -> None:
        """Load the model in `folder`; raise DeploymentError with MLflow's message if that fails."""
        self._model = _loaded(folder)
        self._input = ModelInput(self._model.metadata.get_input_schema())

    def predict(self, path: str, name: str) -> Rows:
        """Return the rows `row, prediction…, file` of one file; let any exception of reader or model through.

        `path` is the local copy, `name` the file's path relative to the job's input. For a table without rows, return
        no rows without calling the model.
        """
        data = self._input.read(path, name)
        count = 1 if is_image(name) else count_rows(data)
        if count == 0:
            return Rows(0, 1)
        rows = InputRows(data, count)
        return prediction_rows(self._model.predict(data), name, rows)


def _loaded(folder: str) -> Any:
    try:
        import mlflow.pyfunc
    except ImportError as error:
        message = "the environment cannot load MLflow models: {}".format(with_type(error))
        raise DeploymentError("environment", message) from error
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    try:
        return mlflow.pyfunc.load_model(folder)
    except BaseException as error:
        message = "the model cannot be loaded: {}".format(with_type(error))
        raise DeploymentError("model", message) from error
