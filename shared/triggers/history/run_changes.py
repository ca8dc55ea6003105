"""What a PATCH of a run changes: tags and properties are joined to those that are there."""

from shared.contracts.job import JobDocument
from shared.contracts.resources import ArmModel, TextMap
from shared.jobs.change import JobChange


class RunChange(ArmModel):
    """The body of the PATCH; what is absent or null stays as it is."""

    display_name: str | None = None
    description: str | None = None
    tags: TextMap | None = None
    properties: TextMap | None = None
    hidden: bool | None = None
    """Whether the job is archived."""

    def of(self, job: JobDocument) -> JobChange:
        """The change of this job."""
        return JobChange(
            display_name=self.display_name,
            description=self.description,
            tags=None if self.tags is None else job.tags | self.tags,
            properties=None if self.properties is None else job.properties | self.properties,
            is_archived=self.hidden,
        )
