"""How the rows of a job are written; the output file's extension says it (DESIGN section 5)."""

from enum import StrEnum

_PARQUET_ENDINGS = (".parquet", ".pqt")


class OutputFormat(StrEnum):
    """The format of an output file."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"

    @classmethod
    def of(cls, file_name: str) -> "OutputFormat":
        """The format that a file of this name has; the case of the extension does not matter."""
        name = file_name.lower()
        if name.endswith(_PARQUET_ENDINGS):
            return cls.PARQUET
        return cls.JSON_LINES if name.endswith(".jsonl") else cls.CSV

    @property
    def media_type(self) -> str:
        """What the blob says of its content."""
        return _MEDIA_TYPES[self]


_MEDIA_TYPES = {
    OutputFormat.CSV: "text/csv; charset=utf-8",
    OutputFormat.JSON_LINES: "application/x-ndjson",
    OutputFormat.PARQUET: "application/vnd.apache.parquet",
}
