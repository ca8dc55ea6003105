"""Reads files as the input that a model's signature asks for."""

import os
from typing import Any, Callable, Dict

from .casting import cast_table
from .column_kinds import ColumnKinds
from .csv_table import read_csv
from .images import IMAGES, image_input, is_image
from .json_table import read_json, read_json_lines
from .parquet_table import read_parquet

_TABLES: Dict[str, Callable[[str, ColumnKinds], Any]] = {
    ".csv": read_csv,
    ".csv.gz": read_csv,
    ".parquet": read_parquet,
    ".pqt": read_parquet,
    ".json": read_json,
    ".jsonl": read_json_lines,
}


class UnsupportedFileError(ValueError):
    """A file of this kind cannot be read without a scoring script."""


class ModelInput:
    """Reads files for one model."""

    def __init__(self, schema: Any) -> None:
        """`schema` is the input schema of the model's signature, None without a signature."""
        self._schema = schema
        self._kinds = ColumnKinds(schema)

    def read(self, path: str, name: str) -> Any:
        """The content of the file at `path` as the model takes it.

        Raises UnsupportedFileError for other kinds of file, TableError for a file that is no table, and CastError
        for a table that does not hold what the signature says.
        """
        extension = _extension(name)
        if is_image(name):
            return image_input(path, self._schema)
        if extension not in _TABLES:
            raise UnsupportedFileError(
                "files of type {!r} cannot be scored without a scoring script; accepted are {}".format(
                    extension or "no extension", ", ".join([*_TABLES, *IMAGES])
                )
            )
        return cast_table(_TABLES[extension](path, self._kinds), self._kinds)


def _extension(name: str) -> str:
    lower = os.path.basename(name).lower()
    return ".csv.gz" if lower.endswith(".csv.gz") else os.path.splitext(lower)[1]
