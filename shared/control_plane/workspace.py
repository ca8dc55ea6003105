"""The workspace that a process serves: its settings, its storage account and its tables."""

import os
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

from shared.contracts.blob_triggers import BlobTriggerProperties
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
from shared.contracts.schedules import ScheduleProperties
from shared.control_plane.resource import Properties
from shared.control_plane.resource_table import Kind, ResourceTable
from shared.settings import Settings
from shared.storage.account import StorageAccount

COMPUTES = Kind("computes", "compute")
DATASTORES = Kind("datastores", "datastore")
MODELS = Kind("models", "model")
DATA = Kind("data", "data asset")
ENVIRONMENTS = Kind("environments", "environment")
CODES = Kind("codes", "code")
ENDPOINTS = Kind("batchEndpoints", "batch endpoint")
DEPLOYMENTS = Kind("deployments", "batch deployment")
SCHEDULES = Kind("schedules", "schedule")
BLOB_TRIGGERS = Kind("blobTriggers", "blob trigger")


@dataclass(frozen=True)
class Workspace:
    """Where every function of the control plane finds its resources."""

    settings: Settings
    account: StorageAccount
    table: str = "resources"

    @cached_property
    def computes(self) -> ResourceTable[ComputeProperties]:
        """Found by: compute."""
        return self._of(COMPUTES, ComputeProperties)

    @cached_property
    def datastores(self) -> ResourceTable[DatastoreProperties]:
        """Found by: datastore. The default one is not in it."""
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
    """The workspace of this process."""
    return Workspace(Settings.from_environment(os.environ), StorageAccount.from_environment())
