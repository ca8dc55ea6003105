"""How a deployment scores, with Azure ML's names and defaults; a job may override each value."""

from pydantic import BaseModel, ConfigDict, Field

from shared.contracts.bodies import AnyCaseEnum

DEFAULT_MINI_BATCH_SIZE = 10
DEFAULT_OUTPUT_FILE_NAME = "predictions.csv"
DEFAULT_MAX_RETRIES = 3
DEFAULT_TIMEOUT_SECONDS = 30
DEFAULT_INIT_TIMEOUT_SECONDS = 600
"""Source: Azure ML's limit for a job's first task."""
DEFAULT_ERROR_THRESHOLD = -1
DEFAULT_INSTANCE_COUNT = 1
DEFAULT_MAX_CONCURRENCY = 1
MAX_TIMEOUT_SECONDS = 259_200
"""Source: Azure ML's documented limit of a mini-batch timeout (3 days)."""


class LoggingLevel(AnyCaseEnum):
    """How much a job logs."""

    WARNING = "Warning"
    INFO = "Info"
    DEBUG = "Debug"


class OutputAction(AnyCaseEnum):
    """What becomes of the results of `run()`."""

    APPEND_ROW = "AppendRow"
    """They are rows of the one output file."""
    SUMMARY_ONLY = "SummaryOnly"
    """They are only counted; the script writes its own files to `AZUREML_BI_OUTPUT_PATH`."""


class ScoringSettings(BaseModel):
    """The settings of one job: the deployment's, with the overrides of the invocation merged over them.

    Unknown ones are passed over: a node may be of an earlier image than the application.
    """

    model_config = ConfigDict(frozen=True)

    mini_batch_size: int = Field(default=DEFAULT_MINI_BATCH_SIZE, ge=1)
    """Files given to one call of `run()`."""
    instance_count: int = Field(default=DEFAULT_INSTANCE_COUNT, ge=1)
    """Nodes that work on the job."""
    max_concurrency_per_instance: int = Field(default=DEFAULT_MAX_CONCURRENCY, ge=1, le=256)
    """Scoring processes on each node."""
    output_action: OutputAction = OutputAction.APPEND_ROW
    output_file_name: str = DEFAULT_OUTPUT_FILE_NAME
    max_retries: int = Field(default=DEFAULT_MAX_RETRIES, ge=0)
    """Tries of a mini-batch in all, at least one (as in Azure ML, 3 means 3 tries)."""
    timeout_seconds: float = Field(default=DEFAULT_TIMEOUT_SECONDS, gt=0, le=MAX_TIMEOUT_SECONDS)
    """Limit of one call of `run()`."""
    init_timeout_seconds: float = Field(default=DEFAULT_INIT_TIMEOUT_SECONDS, gt=0, le=MAX_TIMEOUT_SECONDS)
    """Limit of loading the model, or of importing the script and calling `init()`."""
    error_threshold: int = Field(default=DEFAULT_ERROR_THRESHOLD, ge=-1)
    """The job stops when strictly more items failed; -1 ignores all failures."""
    logging_level: LoggingLevel = LoggingLevel.INFO

    @property
    def tries(self) -> int:
        """How often a mini-batch is tried before its items count as failed."""
        return max(1, self.max_retries)
