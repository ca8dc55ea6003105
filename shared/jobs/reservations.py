"""Output locations in use: one row for each output file, so that no two jobs write the same one."""

from collections.abc import Iterator
from datetime import datetime
from urllib.parse import quote

from pydantic import AwareDatetime, BaseModel

from shared.contracts.job_spec import OutputSpec
from shared.errors import ConflictError, OutputExistsError
from shared.storage.account import StorageAccount
from shared.storage.locations import blob_uri, container_of
from shared.storage.rows import RowTable


class Reservation(BaseModel):
    """Who writes an output file. Table `reservations`, partition = account and container, row = blob name."""

    job: str
    since: AwareDatetime


class Reservations:
    """All reserved output locations."""

    def __init__(self, account: StorageAccount) -> None:
        """`account` is the workspace's own."""
        self._account = account
        self._table = RowTable(account.tables, "reservations", Reservation)

    def reserve(self, output: OutputSpec, job: str, now: datetime) -> None:
        """Take the location for the job; again is fine. Raises OutputExistsError when it is in use.

        A list of failed items that an earlier job left there, which wrote no output, goes: it would pass for the
        new job's own.
        """
        where = output.folder.model_copy(update={"path": output.file_path})
        container = container_of(self._account, output.folder)
        if container.get_blob_client(output.file_path).exists():
            raise OutputExistsError(
                f"the output {blob_uri(where)} exists already; name another path or output_file_name",
                target="output_file_name",
            )
        try:
            self._table.insert(*_key(output), Reservation(job=job, since=now))
        except ConflictError as error:
            holder = self._table.find(*_key(output))
            if holder is None or holder.document.job != job:
                raise OutputExistsError(
                    f"the output {blob_uri(where)} is reserved by job {holder.document.job if holder else '?'}; "
                    "name another path or output_file_name",
                    target="output_file_name",
                ) from error
        errors = container.get_blob_client(output.errors_path)
        if errors.exists():
            errors.delete_blob()

    def release(self, output: OutputSpec, job: str) -> None:
        """Give the location back, if the job holds it."""
        holder = self._table.find(*_key(output))
        if holder and holder.document.job == job:
            self._table.delete(holder.partition, holder.key)

    def all(self) -> Iterator[tuple[Reservation, str, str]]:
        """Every reservation with the partition and key of its row."""
        for row in self._table.all():
            yield row.document, row.partition, row.key

    def drop(self, partition: str, key: str) -> None:
        """Remove a reservation whose job was never written."""
        self._table.delete(partition, key)


def _key(output: OutputSpec) -> tuple[str, str]:
    """Table keys may not hold '/', '\\', '#' and '?': the rest of percent-encoding does no harm."""
    folder = output.folder
    partition = f"{folder.account_url}/{folder.container}"
    return quote(partition, safe="").replace("%", "."), quote(output.file_path, safe="").replace("%", ".")
