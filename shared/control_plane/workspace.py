"""The workspace that a process serves: its settings, its storage account and its tables."""

import os
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from shared.contracts.automation import BlobTriggerProperties, ScheduleProperties
from shared.contracts.names import (
    ASSET_NAME,
    ASSET_VERSION,
    COMPUTE_NAME,
    DATASTORE_NAME,
    DEPLOYMENT_NAME,
    ENDPOINT_NAME,
    SCHEDULE_NAME,
    TRIGGER_NAME,
)
from shared.contracts.resources import (
    CodeProperties,
    ComputeProperties,
    DataProperties,
    DatastoreProperties,
    DeploymentProperties,
    EndpointProperties,
    EnvironmentProperties,
    ModelProperties,
)
from shared.control_plane.resource_table import Kind, Properties, ResourceTable
from shared.settings import Settings
from shared.storage.account import StorageAccount

_VERSION_OF_ASSET = (ASSET_NAME, ASSET_VERSION)

COMPUTES = Kind("computes", "compute", (COMPUTE_NAME,))
DATASTORES = Kind("datastores", "datastore", (DATASTORE_NAME,))
MODELS = Kind("models", "model", _VERSION_OF_ASSET)
DATA = Kind("data", "data asset", _VERSION_OF_ASSET)
ENVIRONMENTS = Kind("environments", "environment", _VERSION_OF_ASSET)
CODES = Kind("codes", "code", _VERSION_OF_ASSET)
ENDPOINTS = Kind("batchEndpoints", "batch endpoint", (ENDPOINT_NAME,))
DEPLOYMENTS = Kind("deployments", "batch deployment", (ENDPOINT_NAME, DEPLOYMENT_NAME))
SCHEDULES = Kind("schedules", "schedule", (SCHEDULE_NAME,))
BLOB_TRIGGERS = Kind("blobTriggers", "blob trigger", (TRIGGER_NAME,))


@dataclass(frozen=True)
class Workspace:
    """The resources that every function of the control plane works on."""

    settings: Settings
    account: StorageAccount
    table: str = "resources"

    @cached_property
    def computes(self) -> ResourceTable[ComputeProperties]:
        """Found by: compute."""
        return self._of(COMPUTES, ComputeProperties)

    @cached_property
    def datastores(self) -> ResourceTable[DatastoreProperties]:
        """Found by: datastore. Does not contain the default one."""
        return self._of(DATASTORES, DatastoreProperties)

    @cached_property
    def models(self) -> ResourceTable[ModelProperties]:
        """Found by: model, version."""
        return self._of(MODELS, ModelProperties)

    @cached_property
    def data(self) -> ResourceTable[DataProperties]:
        """Found by: data asset, version."""
        return self._of(DATA, DataProperties)

    @cached_property
    def environments(self) -> ResourceTable[EnvironmentProperties]:
        """Found by: environment, version."""
        return self._of(ENVIRONMENTS, EnvironmentProperties)

    @cached_property
    def codes(self) -> ResourceTable[CodeProperties]:
        """Found by: code, version."""
        return self._of(CODES, CodeProperties)

    @cached_property
    def endpoints(self) -> ResourceTable[EndpointProperties]:
        """Found by: endpoint."""
        return self._of(ENDPOINTS, EndpointProperties)

    @cached_property
    def deployments(self) -> ResourceTable[DeploymentProperties]:
        """Found by: endpoint, deployment."""
        return self._of(DEPLOYMENTS, DeploymentProperties)

    @cached_property
    def schedules(self) -> ResourceTable[ScheduleProperties]:
        """Found by: schedule."""
        return self._of(SCHEDULES, ScheduleProperties)

    @cached_property
    def blob_triggers(self) -> ResourceTable[BlobTriggerProperties]:
        """Found by: blob trigger."""
        return self._of(BLOB_TRIGGERS, BlobTriggerProperties)

    @property
    def operated(self) -> "tuple[ResourceTable[Any], ...]":
        """The kinds whose creation or update is a long-running operation."""
        return self.computes, self.endpoints, self.deployments

    def _of(self, kind: Kind, properties: type[Properties]) -> ResourceTable[Properties]:
        return ResourceTable(self.account.tables, self.table, kind, properties)


@cache
def current_workspace() -> Workspace:
    """Return the workspace of this process."""
    return Workspace(Settings.from_environment(os.environ), StorageAccount.from_environment())
