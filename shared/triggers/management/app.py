"""The FastAPI app of the management API: Azure ML's own paths below one workspace."""

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from shared.compute.scaling import Nodes
from shared.contracts.names import ticket_queue
from shared.control_plane.computes import Machines
from shared.control_plane.data import put_data
from shared.control_plane.environments import put_environment
from shared.control_plane.models import put_model
from shared.storage.queues import message_count
from shared.triggers.admission import Admit
from shared.triggers.management.assets import assets_router
from shared.triggers.management.blob_triggers import blob_triggers_router
from shared.triggers.management.codes import codes_router
from shared.triggers.management.computes import computes_router
from shared.triggers.management.datastores import datastores_router
from shared.triggers.management.deployments import deployments_router
from shared.triggers.management.endpoints import endpoints_router
from shared.triggers.management.jobs import jobs_router
from shared.triggers.management.paths import CanonicalPaths
from shared.triggers.management.requests import api_version, served_workspace
from shared.triggers.management.schedules import schedules_router
from shared.triggers.management.webhooks import webhooks_router
from shared.triggers.management.workspaces import subscriptions_router, workspaces_router
from shared.triggers.surface import surface
from shared.wiring import Application


def management_app(application: Application, admit: Admit) -> FastAPI:
    """The management API over an application; every route needs a token, an api-version and this workspace."""
    app = surface("Workspace management", "subscriptions", "Resources and jobs of one workspace, at Azure ML's paths.")
    workspace = application.workspace
    guards = [Depends(admit), Depends(served_workspace(workspace.settings)), Depends(api_version)]
    routers = (
        workspaces_router(workspace),
        computes_router(workspace, machines_of(application)),
        datastores_router(workspace),
        assets_router(workspace, workspace.models, put_model),
        assets_router(workspace, workspace.data, put_data),
        assets_router(workspace, workspace.environments, put_environment),
        codes_router(workspace),
        endpoints_router(workspace),
        deployments_router(workspace),
        jobs_router(application),
        webhooks_router(workspace),
        schedules_router(workspace),
        blob_triggers_router(workspace),
    )
    for router in routers:
        app.include_router(router, dependencies=guards)
    app.include_router(subscriptions_router(workspace), dependencies=[Depends(admit), Depends(api_version)])
    templates = [route.path for router in routers for route in router.routes if isinstance(route, APIRoute)]
    app.add_middleware(CanonicalPaths, templates=templates)
    return app


def machines_of(application: Application) -> Machines:
    """What jobs and scale sets know of a compute."""
    nodes = Nodes(application.account)

    def unfinished_jobs(compute: str) -> list[str]:
        return [job.name for job in application.jobs.unfinished() if job.compute.lower() == compute.lower()]

    def tickets(compute: str) -> int:
        return message_count(application.account.queues, ticket_queue(compute)) or 0

    def problem(compute: str) -> str:
        found = application.scaling.problems.of(compute)
        return found.message if found else ""

    return Machines(nodes.live, tickets, problem, unfinished_jobs, application.scaling.retire)
