"""Models, data and environments: containers and versions."""

import re
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse, Response
from pydantic import StrictBool

from shared.contracts.bodies import ArmModel, ListView, ResourceBody, parse_model
from shared.contracts.names import ASSET_NAME, ASSET_VERSION
from shared.control_plane.assets.codes import find_by_hash, put_code, start_upload
from shared.control_plane.assets.versions import (
    AssetContainer,
    delete_asset,
    delete_version,
    get_container,
    list_containers,
    list_versions,
    set_archived,
)
from shared.control_plane.references import Asset, age_key, get_version
from shared.control_plane.resource_table import Change, Resource, ResourceTable, Upserted
from shared.control_plane.workspace import CODES, Workspace
from shared.errors import Problems, ValidationError
from shared.settings import Settings
from shared.triggers.http.framework.paging import Page, page_of
from shared.triggers.http.framework.requests import ByCaller, Conditions, Listing, ListQuery
from shared.triggers.http.framework.responses import arm_resource, deleted, listed, shown, written
from shared.triggers.http.framework.route_actions import WORKSPACE

PutVersion = Callable[[Workspace, str, str, ResourceBody, Change], Upserted[Asset]]

_ORDER = re.compile(r"(created(?:time|at))(?:\s+(asc|desc))?", re.IGNORECASE)


class _Archiving(ArmModel):
    """`properties` of a PUT of an asset."""

    is_archived: StrictBool


def assets_router(workspace: Workspace, table: ResourceTable[Asset], put_version: PutVersion[Asset]) -> APIRouter:
    """Create the routes for the kind of asset that `table` holds."""
    collection = table.kind.partition
    router = APIRouter(prefix=f"{WORKSPACE}/{collection}", tags=[collection])
    settings = workspace.settings

    @router.get("")
    def list_assets(request: Request, query: Listing) -> dict[str, Any]:
        """List all assets by name."""
        problems = Problems()
        page = page_of(
            list_containers(table, query.view, problems),
            lambda container: container.name.lower(),
            size=query.size,
            skip_token=query.skip_token,
        )
        return listed(settings, request, page, lambda found: container_content(settings, collection, found), problems)

    @router.get("/{name}")
    def get_asset(name: str) -> dict[str, Any]:
        """Return an asset with its newest and its next version."""
        return container_content(settings, collection, get_container(table, name))

    @router.put("/{name}")
    def put_asset(name: str, body: ResourceBody, change: ByCaller) -> dict[str, Any]:
        """Archive or restore all versions of an asset."""
        archived = parse_model(_Archiving, body.properties).is_archived
        return container_content(settings, collection, set_archived(table, name, archived, change))

    @router.delete("/{name}")
    def delete_all(name: str) -> Response:
        """Delete all versions of an asset that nothing uses."""
        return deleted(delete_asset(workspace, table, name))

    @router.get("/{name}/versions")
    def list_all_versions(request: Request, name: str, query: Listing) -> dict[str, Any]:
        """List the versions of an asset, the newest first unless `$orderBy` says otherwise."""
        problems = Problems()
        page = versions_page(list_versions(table, name, query.view, problems), query)
        return listed(settings, request, page, lambda version: version_content(settings, collection, version), problems)

    @router.get("/{name}/versions/{version}")
    def get_one_version(name: str, version: str) -> JSONResponse:
        """Return one version. `latest` is the newest."""
        row = get_version(table, name, version)
        return shown(row, version_content(settings, collection, row.document))

    @router.put("/{name}/versions/{version}")
    def put(name: str, version: str, body: ResourceBody, change: ByCaller) -> JSONResponse:
        """Create a version, or change its description, tags, properties or archive flag."""
        saved = put_version(workspace, name, version, body, change)
        return written(saved, version_content(settings, collection, saved.resource))

    @router.delete("/{name}/versions/{version}")
    def delete(name: str, version: str, conditions: Conditions) -> Response:
        """Delete a version that nothing uses."""
        return deleted(delete_version(workspace, table, name, version, conditions))

    return router


def versions_page(versions: list[Resource[Asset]], query: ListQuery) -> Page[Resource[Asset]]:
    """Return a page of versions in the order of the query."""
    order = _ORDER.fullmatch((query.order_by or "createdtime desc").strip())
    if order is None:
        message = f"$orderBy {query.order_by!r} is not valid: use createdtime asc or createdtime desc"
        raise ValidationError(message, target="$orderBy")
    descending = (order[2] or "asc").lower() == "desc"
    return page_of(versions, age_key, size=query.size, skip_token=query.skip_token, descending=descending)


def version_content(settings: Settings, collection: str, version: Resource[Asset]) -> dict[str, Any]:
    """Return a version as ARM shows it."""
    name, number = version.names
    properties = version.properties.to_arm() | {"provisioningState": "Succeeded"}
    return arm_resource(settings, (collection, name, "versions", number), version, properties)


def container_content(settings: Settings, collection: str, container: AssetContainer[Asset]) -> dict[str, Any]:
    """Return an asset as ARM shows it."""
    latest = container.latest
    properties = {
        "description": latest.properties.description,
        "tags": latest.properties.tags,
        "properties": latest.properties.properties,
        "isArchived": container.is_archived,
        "latestVersion": latest.name,
        "nextVersion": container.next_version,
        "provisioningState": "Succeeded",
    }
    return arm_resource(settings, (collection, container.name), container.versions[0], properties)


COLLECTION = CODES.partition


class _UploadRequest(ArmModel):
    """The body of `startPendingUpload`."""

    pending_upload_type: Literal["TemporaryBlobReference", "None"] = "TemporaryBlobReference"


def codes_router(workspace: Workspace) -> APIRouter:
    """Create the routes of codes."""
    router = APIRouter(prefix=f"{WORKSPACE}/{COLLECTION}/{{name}}/versions", tags=[COLLECTION])
    settings = workspace.settings

    @router.get("")
    def list_all(
        request: Request,
        name: str,
        query: Listing,
        digest: Annotated[str | None, Query(alias="hash")] = None,
        hash_version: Annotated[str | None, Query(alias="hashVersion")] = None,
    ) -> dict[str, Any]:
        """List the versions of this code. With `hash`, list the versions of any name with the same files."""
        problems = Problems()
        if digest:
            versions = find_by_hash(workspace, digest, hash_version)
        else:
            versions = list_versions(workspace.codes, name, ListView.ALL, problems)
        page = versions_page(versions, query)
        return listed(settings, request, page, lambda version: version_content(settings, COLLECTION, version), problems)

    @router.get("/{version}")
    def get(name: str, version: str) -> JSONResponse:
        """Return one version."""
        row = get_version(workspace.codes, name, version)
        return shown(row, version_content(settings, COLLECTION, row.document))

    @router.put("/{version}")
    def put(name: str, version: str, body: ResourceBody, change: ByCaller) -> JSONResponse:
        """Create a version of uploaded files."""
        saved = put_code(workspace, name, version, body, change)
        return written(saved, version_content(settings, COLLECTION, saved.resource))

    @router.delete("/{version}")
    def delete(name: str, version: str, conditions: Conditions) -> Response:
        """Delete a version that nothing uses."""
        return deleted(delete_version(workspace, workspace.codes, name, version, conditions))

    @router.post("/{version}/startPendingUpload")
    def start(name: str, version: str, body: Annotated[_UploadRequest | None, Body()] = None) -> dict[str, Any]:
        """Create a container for the files of this version."""
        ASSET_NAME.check(name)
        ASSET_VERSION.check(version)
        upload = start_upload(workspace)
        return {
            "pendingUploadId": upload.id,
            "pendingUploadType": "TemporaryBlobReference",
            "blobReferenceForConsumption": {
                "blobUri": upload.blob_uri,
                "credential": {"credentialType": "SAS", "sasUri": upload.sas_uri},
            },
        }

    return router
