"""Files as the input that a model's signature asks for."""

import json
import os
from typing import Any, Callable, Dict, List

from .casting import TableCasts
from .images import image_input

TABLES = (".csv", ".csv.gz", ".parquet", ".pqt", ".json", ".jsonl")
IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".bmp", ".gif", ".webp")


class UnsupportedFileError(ValueError):
    """The file's kind cannot be read without a scoring script."""


class ModelInput:
    """Reads files for one model."""

    def __init__(self, schema: Any) -> None:
        """`schema` is the input schema of the model's signature, None without a signature."""
        self._schema = schema
        self._casts = TableCasts(schema)
        self._readers: Dict[str, Callable[[str], Any]] = {
            ".csv": self._csv,
            ".csv.gz": self._csv,
            ".parquet": _parquet,
            ".pqt": _parquet,
            ".json": _json,
            ".jsonl": _json_lines,
        }

    def read(self, path: str, name: str) -> Any:
        """The content of the file at `path` as the model takes it; raises UnsupportedFileError."""
        extension = _extension(name)
        if extension in IMAGES:
            return image_input(path, self._schema)
        if extension not in self._readers:
            raise UnsupportedFileError(
                "files of type {!r} cannot be scored without a scoring script; accepted are {}".format(
                    extension or "no extension", ", ".join(TABLES + IMAGES)
                )
            )
        return self._casts.apply(self._readers[extension](path))

    def _csv(self, path: str) -> Any:
        import pandas

        with open(path, "rb") as file:
            compressed = file.read(2) == b"\x1f\x8b"
        return pandas.read_csv(path, dtype=self._casts.text_columns(), compression="gzip" if compressed else None)


def _extension(name: str) -> str:
    lower = os.path.basename(name).lower()
    return ".csv.gz" if lower.endswith(".csv.gz") else os.path.splitext(lower)[1]


def _parquet(path: str) -> Any:
    import pandas

    return pandas.read_parquet(path)


def _json_lines(path: str) -> Any:
    import pandas

    with open(path, encoding="utf-8-sig") as file:
        records = [json.loads(line) for line in file if line.strip()]
    _check_records(records)
    return pandas.DataFrame.from_records(records)


def _json(path: str) -> Any:
    import pandas

    with open(path, encoding="utf-8-sig") as file:
        content = json.load(file)
    if isinstance(content, dict):
        content = content.get("dataframe_split") or content.get("dataframe_records") or content
    if isinstance(content, dict) and "data" in content:
        return pandas.DataFrame(content["data"], columns=content.get("columns"))
    if not isinstance(content, list):
        raise UnsupportedFileError(
            'the JSON is neither a list of records nor {"columns": [...], "data": [...]}; other forms need a '
            "scoring script"
        )
    _check_records(content)
    return pandas.DataFrame.from_records(content)


def _check_records(records: List[Any]) -> None:
    for number, record in enumerate(records):
        if not isinstance(record, dict):
            raise UnsupportedFileError("record {} is no JSON object".format(number))
