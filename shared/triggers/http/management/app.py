"""The FastAPI app of the management API: Azure ML's own paths below one workspace."""

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute

from shared.compute.nodes import Nodes
from shared.contracts.names import ticket_queue
from shared.control_plane.assets.registration import put_data, put_environment, put_model
from shared.control_plane.computes import Machines
from shared.storage.queues import message_count
from shared.triggers.http.framework.app_factory import new_app
from shared.triggers.http.framework.authorization import Authorize
from shared.triggers.http.framework.middleware import CanonicalPaths
from shared.triggers.http.framework.requests import api_version, served_workspace
from shared.triggers.http.management.assets import assets_router, codes_router
from shared.triggers.http.management.automation import blob_triggers_router, schedules_router
from shared.triggers.http.management.computes import computes_router
from shared.triggers.http.management.datastores import datastores_router
from shared.triggers.http.management.endpoints import deployments_router, endpoints_router
from shared.triggers.http.management.jobs import jobs_router
from shared.triggers.http.management.workspaces import subscriptions_router, webhooks_router, workspaces_router
from shared.triggers.wiring import Application


def management_app(application: Application, authorize: Authorize) -> FastAPI:
    """Create the app of the management API. Every route needs a token, an api-version and this workspace."""
    app = new_app("Workspace management", "subscriptions", "Resources and jobs of one workspace, at Azure ML's paths.")
    workspace = application.workspace
    guards = [Depends(authorize), Depends(served_workspace(workspace.settings)), Depends(api_version)]
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
    app.include_router(subscriptions_router(workspace), dependencies=[Depends(authorize), Depends(api_version)])
    templates = [route.path for router in routers for route in router.routes if isinstance(route, APIRoute)]
    app.add_middleware(CanonicalPaths, templates=templates)
    return app


def machines_of(application: Application) -> Machines:
    """Return the functions that tell what nodes, jobs and scale sets know of a compute."""
    nodes = Nodes(application.account)

    def unfinished_jobs(compute: str) -> list[str]:
        return [job.name for job in application.jobs.unfinished() if job.compute.lower() == compute.lower()]

    def tickets(compute: str) -> int:
        return message_count(application.account.queues, ticket_queue(compute)) or 0

    def problem(compute: str) -> str:
        found = application.scaling.problems.of(compute)
        return found.message if found else ""

    return Machines(nodes.live, tickets, problem, unfinished_jobs, application.scaling.retire)
