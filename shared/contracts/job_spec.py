"""What a scorer node is told about a job: one blob, written by the plan phase, read by every node."""

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.locations import Location
from shared.contracts.output_format import OutputFormat
from shared.contracts.settings import DEFAULT_OUTPUT_FILE_NAME, ScoringSettings


class SpecPart(BaseModel):
    """A frozen part of the job spec."""

    model_config = ConfigDict(frozen=True)


class ModelSpec(SpecPart):
    """The model; its last path component is kept below `AZUREML_MODEL_DIR`."""

    name: str
    version: str
    is_mlflow: bool
    location: Location


class CodeSpec(SpecPart):
    """A scoring script in the root of an uploaded folder."""

    location: Location
    scoring_script: str


class EnvironmentSpec(SpecPart):
    """A registered or inline environment; without one an MLflow model's own environment is used."""

    name: str
    version: str
    image: str = ""
    conda_file: str = ""
    """YAML text."""


class OutputSpec(SpecPart):
    """Where the results go, in a container of the workspace's own account or of a datastore."""

    folder: Location
    file_name: str
    is_file: bool = False
    """Whether the invocation asked for this one file, not for a folder of the job."""
    follows: tuple[str, ...] = ()
    """Ids of the jobs that failed at this very place before: the files that their scripts left may be written over."""

    @property
    def file_path(self) -> str:
        """Blob name of the output file."""
        return self.folder.child(self.file_name)

    @property
    def format(self) -> OutputFormat:
        """How the output file is written."""
        return OutputFormat.of(self.file_name)

    @property
    def errors_path(self) -> str:
        """Blob name of the list of failed items; jobs whose outputs lie in one folder have a list each."""
        is_default = self.file_name == DEFAULT_OUTPUT_FILE_NAME
        return self.folder.child("errors.jsonl" if is_default else f"{self.file_name}.errors.jsonl")


class WorkSize(SpecPart):
    """How the input is divided; known once it was listed."""

    files: int = Field(ge=0)
    mini_batch_size: int = Field(ge=1)
    mini_batches_per_task: int = Field(ge=1)

    @property
    def mini_batches(self) -> int:
        """Calls of `run()` that the job needs; the last one may be short."""
        return -(-self.files // self.mini_batch_size)

    @property
    def tasks(self) -> int:
        """Queue messages that the job needs."""
        return -(-self.mini_batches // self.mini_batches_per_task)

    def file_range(self, mini_batch: int) -> tuple[int, int]:
        """First and one-past-last position, in the manifest, of the files of a mini-batch."""
        first = mini_batch * self.mini_batch_size
        return first, min(first + self.mini_batch_size, self.files)

    def task_range(self, task: int) -> tuple[int, int]:
        """First mini-batch of a task, and their number."""
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
