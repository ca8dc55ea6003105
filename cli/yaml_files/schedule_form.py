"""The schedule in a YAML file."""

from datetime import datetime

from cli.yaml_files.invocation_form import InputForm
from cli.yaml_files.names import ScheduleName
from cli.yaml_files.started_job import StartedJobForm


class ScheduleForm(StartedJobForm):
    """A schedule file."""

    name: ScheduleName | None = None
    """May also be given as `--name`."""
    cron: str
    time_zone: str = "UTC"
    start_time: datetime | str | None = None
    end_time: datetime | str | None = None
    allow_overlap: bool = False
    input: InputForm | None = None
    """May also be given by the options for inputs."""
