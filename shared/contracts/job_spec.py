"""The job spec: the facts about a job that a node needs. The plan phase writes one blob, and every node reads it."""

from enum import StrEnum
from typing import Literal
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.settings import ScoringSettings
from shared.contracts.settings_table import DEFAULT_OUTPUT_FILE_NAME


class SpecPart(BaseModel):
    """A frozen part of the job spec."""

    model_config = ConfigDict(frozen=True)


class Location(BaseModel):
    """A blob, a folder of blobs, or a plain URL.

    `credential` says how it is read: with the workspace's own `account`, `anonymous`ly, or with the secret of
    a registered datastore (`datastore:<name>`), which is never part of a message or a blob.
    """

    model_config = ConfigDict(frozen=True)

    kind: Literal["blob_folder", "blob", "url"]
    account_url: str = ""
    """Blob service URL without a trailing slash. Empty for `url`."""
    container: str = ""
    path: str = ""
    """Blob name, or folder without a trailing slash (empty for a whole container)."""
    url: str = ""
    """The address of a plain `url`. Empty for blobs."""
    credential: str = "account"
    excluded_suffix: str = ""
    """Blobs whose name ends with this text do not count as files of the folder. Empty: every blob counts."""
    has_folder_blobs: bool = False
    """Whether blobs that stand for folders may lie below the folder (shared/storage/blobs.py)."""

    def child(self, relative_path: str) -> str:
        """Return the blob name of `relative_path` below this folder."""
        return f"{self.path}/{relative_path}" if self.path else relative_path

    @property
    def base_name(self) -> str:
        """The last part of the path."""
        return (self.path or self.url.split("?")[0]).rstrip("/").rsplit("/", 1)[-1]


class ModelSpec(SpecPart):
    """The model. Below `AZUREML_MODEL_DIR` it has the last part of its path."""

    name: str
    version: str
    is_mlflow: bool
    location: Location


class CodeSpec(SpecPart):
    """A scoring script in the root of an uploaded folder."""

    location: Location
    scoring_script: str


class EnvironmentSpec(SpecPart):
    """A registered or inline environment. Without one, an MLflow model's own environment is used."""

    name: str
    version: str
    image: str = ""
    conda_file: str = ""
    """YAML text."""


class OutputFormat(StrEnum):
    """The format of an output file."""

    CSV = "csv"
    JSON_LINES = "jsonl"
    PARQUET = "parquet"

    @classmethod
    def of(cls, file_name: str) -> "OutputFormat":
        """Return the format of a file with this name. The case of the extension does not matter."""
        name = file_name.lower()
        if name.endswith(_PARQUET_ENDINGS):
            return cls.PARQUET
        return cls.JSON_LINES if name.endswith(".jsonl") else cls.CSV

    @property
    def media_type(self) -> str:
        """The media type of the blob's content."""
        return _MEDIA_TYPES[self]


class OutputSpec(SpecPart):
    """The place of the results, in a container of the workspace's own account or of a datastore."""

    folder: Location
    file_name: str
    is_file: bool = False
    """Whether the invocation named this file itself, not a folder."""
    follows: tuple[str, ...] = ()
    """Ids of the jobs that failed at this place before: files that their scripts left may be overwritten."""

    @property
    def file_path(self) -> str:
        """Blob name of the output file."""
        return self.folder.child(self.file_name)

    @property
    def format(self) -> OutputFormat:
        """The format of the output file."""
        return OutputFormat.of(self.file_name)

    @property
    def errors_path(self) -> str:
        """Blob name of the list of failed items. Jobs with outputs in the same folder have separate lists."""
        is_default = self.file_name == DEFAULT_OUTPUT_FILE_NAME
        return self.folder.child("errors.jsonl" if is_default else f"{self.file_name}.errors.jsonl")


class WorkSize(SpecPart):
    """How the input is divided. This is known once the input is listed."""

    files: int = Field(ge=0)
    mini_batch_size: int = Field(ge=1)
    mini_batches_per_task: int = Field(ge=1)

    @property
    def mini_batches(self) -> int:
        """The number of calls of `run()` that the job needs. The last one may have fewer files."""
        return -(-self.files // self.mini_batch_size)

    @property
    def tasks(self) -> int:
        """The number of queue messages that the job needs."""
        return -(-self.mini_batches // self.mini_batches_per_task)

    def file_range(self, mini_batch: int) -> tuple[int, int]:
        """Return the first and the one-past-last manifest position of a mini-batch's files."""
        first = mini_batch * self.mini_batch_size
        return first, min(first + self.mini_batch_size, self.files)

    def task_range(self, task: int) -> tuple[int, int]:
        """Return the first mini-batch of a task and the number of its mini-batches."""
        first = task * self.mini_batches_per_task
        return first, min(self.mini_batches_per_task, self.mini_batches - first)


class JobSpec(SpecPart):
    """Everything that a node needs to work on a job."""

    job_name: str
    job_id: str
    endpoint: str
    deployment: str
    compute: str
    model: ModelSpec
    code: CodeSpec | None = None
    environment: EnvironmentSpec | None = None
    environment_variables: dict[str, str] = Field(default_factory=dict)
    settings: ScoringSettings
    input: Location
    output: OutputSpec
    work: WorkSize
    trace: dict[str, str] = Field(default_factory=dict)
    """The trace that all work on the job belongs to, as W3C headers."""


_PARQUET_ENDINGS = (".parquet", ".pqt")


_MEDIA_TYPES = {
    OutputFormat.CSV: "text/csv; charset=utf-8",
    OutputFormat.JSON_LINES: "application/x-ndjson",
    OutputFormat.PARQUET: "application/vnd.apache.parquet",
}


def blob_uri(location: Location) -> str:
    """Return the https address of a location without its credential. The query of a URL is hidden."""
    if location.kind == "url":
        return without_signature(location.url)
    return f"{location.account_url}/{location.container}/{quote(location.path)}"


def without_signature(url: str) -> str:
    """Return a URL that may be shown. Its query, which may be a shared access signature, is hidden."""
    address, mark, _ = url.partition("?")
    return f"{address}?***" if mark else address
