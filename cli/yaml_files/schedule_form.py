"""The schedule in a YAML file."""

from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator

from cli.yaml_files.form import Text
from cli.yaml_files.invocation_form import InputForm
from cli.yaml_files.names import ScheduleName
from cli.yaml_files.started_job import StartedJobForm


def _instant(text: str) -> str:
    try:
        return datetime.fromisoformat(text).isoformat()
    except ValueError:
        raise ValueError(
            f"{text!r} is not a date or time; write 2027-01-01T06:00:00, with an offset or without"
        ) from None


Instant = Annotated[Text, AfterValidator(_instant)]


class ScheduleForm(StartedJobForm):
    """A schedule file."""

    name: ScheduleName | None = None
    """May also be given as `--name`."""
    cron: str
    time_zone: str = "UTC"
    start_time: Instant | None = None
    end_time: Instant | None = None
    allow_overlap: bool = False
    input: InputForm | None = None
    """May also be given by the options for inputs."""
