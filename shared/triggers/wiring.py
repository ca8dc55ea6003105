"""The application and its parts: the one place that puts them together."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from shared.compute.nodes import Census
from shared.compute.scale_sets import LocalScaleSets, ScaleSets
from shared.compute.scaling import Scaling
from shared.compute.vmss_scale_sets import VmssScaleSets
from shared.contracts.resources import ComputeLimits
from shared.control_plane.endpoints.resolution import compute_limits, list_computes
from shared.control_plane.workspace import Workspace, current_workspace
from shared.jobs.phases.phases import Phases
from shared.jobs.store import JobService, JobStore
from shared.observability import names
from shared.observability.telemetry import start_telemetry
from shared.security.access import Access, role_assignments
from shared.settings import Settings, SettingsError, TelemetrySettings
from shared.signatures import JobLinks


@dataclass(frozen=True)
class Application(JobService):
    """Everything that the triggers call."""

    job_links: JobLinks
    scaling: Scaling
    census: Census
    phases: Phases
    access: Access
    """Who may do what, from BATCH_ROLE_ASSIGNMENTS."""

    def computes(self) -> list[ComputeLimits]:
        """Return the limits of all computes."""
        return list_computes(self.workspace)


def scale_sets(settings: Settings) -> ScaleSets:
    """Return the scale sets that `BATCH_SCALE_SET` names. Raise SettingsError for an unknown name."""
    kinds: dict[str, Callable[[], ScaleSets]] = {
        "local": lambda: LocalScaleSets(settings.local_scale_set_url, settings.local_scale_set_key),
        "vmss": lambda: VmssScaleSets(settings.vmss),
    }
    if settings.scale_set not in kinds:
        raise SettingsError(f"BATCH_SCALE_SET {settings.scale_set!r} is not valid: use {', '.join(kinds)}")
    return kinds[settings.scale_set]()


def build(workspace: Workspace, machines: ScaleSets) -> Application:
    """Build an application for this workspace and these scale sets."""
    jobs = JobStore(workspace.account.tables)
    scaling, census = Scaling(workspace.account, machines), Census(workspace.account)
    phases = Phases(workspace.account, jobs, scaling, lambda compute: compute_limits(workspace, compute))
    links = JobLinks(workspace.settings.public_url, workspace.account.tables)
    return Application(workspace, jobs, links, scaling, census, phases, access_from(workspace.settings))


def access_from(settings: Settings) -> Access:
    """Read BATCH_ROLE_ASSIGNMENTS. Raise SettingsError if it is not valid."""
    try:
        return Access(role_assignments(settings.role_assignments))
    except ValueError as error:
        raise SettingsError(f"BATCH_ROLE_ASSIGNMENTS is not valid: {error}") from error


@cache
def application() -> Application:
    """Return the application of this process. The first call also starts the telemetry."""
    workspace = current_workspace()
    built = build(workspace, scale_sets(workspace.settings))
    process = os.environ.get("WEBSITE_INSTANCE_ID") or "app"
    start_telemetry(TelemetrySettings.from_environment(os.environ), names.APP_SERVICE, process, {}, alone=True)
    return built
