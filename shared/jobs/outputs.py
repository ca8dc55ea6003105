"""The output of a job as an asset of its child run."""

import re

from shared.contracts.job import JobDocument
from shared.settings import Settings

OUTPUT_NAME = "score"
"""The name that Azure ML gives to the output of a batch job."""

_OUTPUT_ID = re.compile(r".*/data/azureml_(?P<run>[0-9a-f-]{36})_output_data_score/versions/1")


def output_asset_id(settings: Settings, job: JobDocument) -> str:
    """The id of the job's output."""
    return f"azureml:/{settings.workspace_id}/data/azureml_{job.job_id}_output_data_{OUTPUT_NAME}/versions/1"


def run_of_output(asset_id: str) -> str | None:
    """The run whose output this id names; None when it names no output."""
    match = _OUTPUT_ID.fullmatch(asset_id)
    return match["run"] if match else None
