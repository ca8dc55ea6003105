"""The condition of a stack, as `status` shows it."""

from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from local.data_folder.layout import DataFolder
from local.data_folder.setup import RESOURCE_GROUP, WORKSPACE
from local.data_folder.stack_file import RecordedProcess, StackFile, require_stack_file
from local.processes.process import ProcessIdentity
from local.scale_set.record import read_record
from local.stack.health import AZURITE, BLOB_EVENTS, FUNCTIONS_HOST, SCALE_SET, TOKEN_ISSUER, check_all

SUPERVISOR = "supervisor"
NODE = "node"
_ROLES = (AZURITE, TOKEN_ISSUER, SCALE_SET, FUNCTIONS_HOST, BLOB_EVENTS)


class Condition(StrEnum):
    """The condition of a process, or of the stack as a whole."""

    RUNNING = "running"  # it runs, and answers if it serves requests
    UNHEALTHY = "unhealthy"  # a process runs but does not answer; of the stack: something does not run
    STOPPED = "stopped"  # it does not run


@dataclass(frozen=True, slots=True)
class ProcessStatus:
    """One process of the stack."""

    role: str
    """`supervisor`, `azurite`, `token-issuer`, `scale-set`, `functions-host`, `blob-events` or `node`."""

    name: str
    """The instance's id for a node, otherwise the role."""

    state: Condition
    pid: int | None
    started_at: str | None
    """ISO 8601. None for a process that does not run, and for nodes (the scale set knows)."""

    log: str


@dataclass(frozen=True, slots=True)
class StackStatus:
    """A local stack: its addresses, its names and its processes."""

    state: Condition
    data_dir: str
    management_url: str
    scoring_url: str
    blob_url: str
    queue_url: str
    table_url: str
    token_url: str
    subscription_id: str
    resource_group: str
    workspace: str
    tenant_id: str
    ca_file: str | None
    """The stack's own certificate authority; None without `--https`."""
    ca_bundle: str | None
    """The own and all usual authorities, for `REQUESTS_CA_BUNDLE` and `SSL_CERT_FILE`."""
    storage_suffix: str | None
    """Completes `https://<account>.blob.` to the blob service; None without `--https`."""
    metadata_url: str | None
    """For `ARM_CLOUD_METADATA_URL`; None without `--https`."""
    processes: tuple[ProcessStatus, ...]

    def as_json(self) -> dict[str, Any]:
        """Return the status as a JSON object."""
        return asdict(self)


def inspect(data_dir: Path, *, ask: bool = True) -> StackStatus:
    """Return the current status of the stack in `data_dir`.

    With `ask`, every process that serves requests must answer a health check; without, it need only run.

    Raises:
        NoStackError: there never was a stack in `data_dir`.
    """
    folder = DataFolder(data_dir.absolute())
    content = require_stack_file(folder)
    setup = content.setup
    main = _main_processes(folder, content, ask=ask)
    return StackStatus(
        state=_overall(main),
        data_dir=str(folder.root),
        management_url=setup.management_url,
        scoring_url=setup.scoring_url,
        blob_url=setup.storage.blob_url,
        queue_url=setup.storage.queue_url,
        table_url=setup.storage.table_url,
        token_url=setup.token_url,
        subscription_id=setup.subscription_id,
        resource_group=RESOURCE_GROUP,
        workspace=WORKSPACE,
        tenant_id=setup.tenant_id,
        ca_file=str(folder.tls.authority) if setup.https else None,
        ca_bundle=str(folder.tls.bundle) if setup.https else None,
        storage_suffix=setup.storage.suffix if setup.https else None,
        metadata_url=setup.metadata_url if setup.https else None,
        processes=(*main, *_nodes(folder)),
    )


def _main_processes(folder: DataFolder, content: StackFile, *, ask: bool) -> tuple[ProcessStatus, ...]:
    recorded = {process.role: process for process in content.processes if _is_running(process)}
    healthy = check_all(content.setup, folder.tls) if ask and recorded else dict.fromkeys(recorded, True)
    supervisor = content.supervisor if content.supervisor and _is_running(content.supervisor) else None
    return (
        _status(folder, SUPERVISOR, supervisor, answers=True),
        *(_status(folder, role, recorded.get(role), answers=healthy.get(role, False)) for role in _ROLES),
    )


def _status(folder: DataFolder, role: str, process: RecordedProcess | None, *, answers: bool) -> ProcessStatus:
    if process is None:
        return ProcessStatus(role, role, Condition.STOPPED, None, None, str(folder.log(role)))
    condition = Condition.RUNNING if answers else Condition.UNHEALTHY
    return ProcessStatus(role, role, condition, process.pid, process.started_at, process.log)


def _nodes(folder: DataFolder) -> list[ProcessStatus]:
    instances = [instance for those in read_record(folder.scale_set).computes.values() for instance in those]
    statuses = []
    for instance in instances:
        pid = instance.process.pid if instance.process and instance.process.is_running() else None
        log = folder.scale_set / "logs" / f"{instance.id}.log"
        condition = Condition.RUNNING if pid else Condition.STOPPED
        statuses.append(ProcessStatus(NODE, instance.id, condition, pid, None, str(log)))
    return statuses


def _is_running(process: RecordedProcess) -> bool:
    return ProcessIdentity(process.pid, process.create_time).is_running()


def _overall(processes: tuple[ProcessStatus, ...]) -> Condition:
    conditions = {process.state for process in processes}
    return conditions.pop() if len(conditions) == 1 else Condition.UNHEALTHY
