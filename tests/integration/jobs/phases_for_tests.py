"""The phases of jobs whose compute has no machines."""

from shared.compute.scale_sets import LocalScaleSets
from shared.compute.scaling import Scaling
from shared.contracts.resources import ComputeLimits
from shared.jobs.phases.phases import Phases
from shared.jobs.store import JobStore
from shared.storage.account import StorageAccount


def phases_of(account: StorageAccount) -> Phases:
    def limits(compute: str) -> ComputeLimits:
        return ComputeLimits(compute=compute, min_instances=0, max_instances=1, idle_seconds=1)

    nowhere = Scaling(account, LocalScaleSets("http://127.0.0.1:9", "key"))
    return Phases(account, JobStore(account.tables), nowhere, limits)
