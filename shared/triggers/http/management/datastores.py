"""Datastores in the management API, with their secrets."""

from typing import Annotated, Any

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.bodies import ResourceBody
from shared.contracts.resources import DatastoreProperties
from shared.control_plane.datastores.datastores import delete_datastore, get_datastore, list_datastores, put_datastore
from shared.control_plane.datastores.locations import container_of_properties, datastore_container, is_default
from shared.control_plane.datastores.secrets import SecretsRequest, lend_secret
from shared.control_plane.resource_table import Resource
from shared.control_plane.workspace import Workspace
from shared.errors import Problems
from shared.triggers.http.framework.paging import page_of
from shared.triggers.http.framework.requests import ByCaller, Conditions, Listing
from shared.triggers.http.framework.responses import arm_resource, deleted, listed, written
from shared.triggers.http.framework.route_actions import WORKSPACE


def datastores_router(workspace: Workspace) -> APIRouter:
    """Create the routes of datastores."""
    router = APIRouter(prefix=f"{WORKSPACE}/datastores", tags=["datastores"])
    settings = workspace.settings

    @router.get("")
    def list_all(
        request: Request, query: Listing, is_default: Annotated[bool | None, Query(alias="isDefault")] = None
    ) -> dict[str, Any]:
        """List all datastores, the default one first. `isDefault` selects the default one or the others."""
        problems = Problems()
        datastores = list(list_datastores(workspace, problems))
        if is_default is not None:
            datastores = datastores[:1] if is_default else datastores[1:]
        page = page_of(datastores, _list_key, size=query.size, skip_token=query.skip_token)
        return listed(settings, request, page, lambda datastore: datastore_content(workspace, datastore), problems)

    @router.get("/{datastore}")
    def get(datastore: str) -> JSONResponse:
        """Return one datastore, without its secret."""
        found, etag = get_datastore(workspace, datastore)
        return JSONResponse(datastore_content(workspace, found), headers={"ETag": etag} if etag else None)

    @router.put("/{datastore}")
    def put(
        datastore: str,
        body: ResourceBody,
        change: ByCaller,
        skip_validation: Annotated[bool, Query(alias="skipValidation")] = False,
    ) -> JSONResponse:
        """Create or update a datastore. Its container must answer, unless `skipValidation` is set."""
        saved = put_datastore(workspace, datastore, body, change, validate=not skip_validation)
        return written(saved, datastore_content(workspace, saved.resource))

    @router.delete("/{datastore}")
    def delete(datastore: str, conditions: Conditions) -> Response:
        """Delete a datastore and its secret, but not its blobs."""
        return deleted(delete_datastore(workspace, datastore, conditions))

    @router.post("/{datastore}/listSecrets")
    def list_secrets(datastore: str, body: Annotated[SecretsRequest | None, Body()] = None) -> dict[str, str]:
        """Return a credential for the datastore's container."""
        return lend_secret(workspace, datastore, body or SecretsRequest())

    return router


def datastore_content(workspace: Workspace, datastore: Resource[DatastoreProperties]) -> dict[str, Any]:
    """Return the datastore as ARM shows it, with the container's full address for clients of emulators."""
    default = is_default(datastore.name)
    place = (
        datastore_container(workspace, datastore.name)
        if default
        else container_of_properties(workspace, datastore.name, datastore.properties)
    )
    properties = datastore.properties.to_arm() | {
        "isDefault": default,
        "containerUri": f"{place.account_url}/{place.container}",
    }
    return arm_resource(workspace.settings, ("datastores", datastore.name), datastore, properties)


def _list_key(datastore: Resource[DatastoreProperties]) -> str:
    """Sort the default datastore first: clients take the first one."""
    return f"{'0' if is_default(datastore.name) else '1'} {datastore.key}"
