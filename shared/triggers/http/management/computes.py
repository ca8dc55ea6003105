"""Computes in the management API, with their nodes."""

from collections import Counter
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response

from shared.compute.scaling import desired_capacity
from shared.contracts.bodies import ResourceBody
from shared.contracts.progress import NodeRow, NodeState
from shared.contracts.resources import ComputeProperties
from shared.control_plane.computes import Machines, delete_compute, put_compute
from shared.control_plane.resource_table import Resource
from shared.control_plane.workspace import COMPUTES, Workspace
from shared.errors import Problems
from shared.settings import Settings
from shared.triggers.http.framework.paging import page_of
from shared.triggers.http.framework.requests import ByCaller, Conditions, Listing
from shared.triggers.http.framework.responses import arm_resource, deleted, listed, shown, written_as_operation
from shared.triggers.http.framework.route_actions import WORKSPACE


def computes_router(workspace: Workspace, machines: Machines) -> APIRouter:
    """Create the routes of computes."""
    router = APIRouter(prefix=f"{WORKSPACE}/computes", tags=["computes"])
    settings = workspace.settings

    def content(compute: Resource[ComputeProperties]) -> dict[str, Any]:
        nodes, tickets = list(machines.live_nodes(compute.name)), machines.tickets(compute.name)
        answer = compute_content(settings, compute, nodes, tickets)
        answer["properties"]["properties"] |= errors_of(machines.problem(compute.name))
        return answer

    @router.put("/{compute}")
    def put(compute: str, body: ResourceBody, change: ByCaller) -> JSONResponse:
        """Create or update a compute."""
        saved = put_compute(workspace, compute, body, change)
        return written_as_operation(settings, COMPUTES.partition, saved, content(saved.resource))

    @router.get("/{compute}")
    def get(compute: str) -> JSONResponse:
        """Return one compute with the state of its nodes."""
        row = workspace.computes.get(compute)
        return shown(row, content(row.document))

    @router.get("")
    def list_all(request: Request, query: Listing) -> dict[str, Any]:
        """List all computes by name."""
        problems = Problems()
        computes = workspace.computes.documents(problems=problems)
        page = page_of(computes, lambda compute: compute.key, size=query.size, skip_token=query.skip_token)
        return listed(settings, request, page, content, problems)

    @router.post("/{compute}/listNodes")
    def list_nodes(compute: str) -> dict[str, Any]:
        """List the live nodes of a compute, each with the child run that it works on."""
        name = workspace.computes.get(compute).document.name
        return {"nodes": [node_content(node) for node in machines.live_nodes(name)], "nextLink": None}

    @router.delete("/{compute}")
    def delete(compute: str, conditions: Conditions) -> Response:
        """Delete a compute that nothing uses."""
        return deleted(delete_compute(workspace, compute, machines, conditions))

    return router


def compute_content(
    settings: Settings, compute: Resource[ComputeProperties], nodes: list[NodeRow], tickets: int
) -> dict[str, Any]:
    """Return the compute as ARM shows it."""
    properties = compute.properties.to_arm()
    scale = compute.properties.properties.scale_settings
    wanted = desired_capacity(tickets, scale.min_node_count, scale.max_node_count)
    properties["properties"] |= allocation(nodes, wanted) | node_states(nodes)
    properties |= {
        "provisioningState": "Succeeded",
        "computeLocation": settings.location,
        "isAttachedCompute": False,
        "createdOn": compute.created.isoformat(),
        "modifiedOn": compute.modified.isoformat(),
    }
    return arm_resource(settings, ("computes", compute.name), compute, properties, tracked=True)


def allocation(nodes: list[NodeRow], wanted: int) -> dict[str, Any]:
    """Return how many nodes exist and are wanted: `Resizing` while some come or go. Idle nodes count as wanted."""
    staying = sum(node.state is not NodeState.LEAVING for node in nodes)
    target = max(staying, wanted)
    state = "Steady" if target == len(nodes) == staying else "Resizing"
    return {"allocationState": state, "currentNodeCount": len(nodes), "targetNodeCount": target}


def errors_of(problem: str) -> dict[str, Any]:
    """Return `errors`: why the compute has fewer nodes than it should."""
    return {"errors": [{"error": {"code": "ScalingFailed", "message": problem}}]} if problem else {}


def node_content(node: NodeRow) -> dict[str, Any]:
    """Return a node as ARM shows it, without an address: nobody can connect to a node."""
    return {"nodeId": node.node_id, "nodeState": node.state, "runId": node.job_id or None}


def node_states(nodes: list[NodeRow]) -> dict[str, Any]:
    """`nodeStateCounts`: how many nodes are in each state."""
    counts = Counter(node.state for node in nodes)
    states = {f"{state}NodeCount": counts[state] for state in NodeState}
    return {"nodeStateCounts": states | {"unusableNodeCount": 0, "preemptedNodeCount": 0}}
