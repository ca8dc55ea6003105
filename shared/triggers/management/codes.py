"""Uploaded code (azure_ai_ml_wire rows 27 to 29)."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body, Query, Request
from fastapi.responses import JSONResponse, Response

from shared.contracts.names import ASSET_NAME, ASSET_VERSION
from shared.contracts.requests import ListView, ResourceBody
from shared.contracts.resources import ArmModel
from shared.control_plane.asset_removal import delete_version
from shared.control_plane.codes import find_by_hash, put_code, start_upload
from shared.control_plane.versions import get_version, list_versions
from shared.control_plane.workspace import CODES, Workspace
from shared.errors import Problems
from shared.triggers.management.answers import deleted, listed, shown, written
from shared.triggers.management.assets import version_content, versions_page
from shared.triggers.management.paths import WORKSPACE
from shared.triggers.management.requests import ByCaller, Conditions, Listing

COLLECTION = CODES.partition


class _UploadRequest(ArmModel):
    """The body of `startPendingUpload`."""

    pending_upload_type: Literal["TemporaryBlobReference", "None"] = "TemporaryBlobReference"


def codes_router(workspace: Workspace) -> APIRouter:
    """Routes below a workspace."""
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
        """The versions of this code, or with `hash` those of any name that have the same files."""
        problems = Problems()
        if digest:
            versions = find_by_hash(workspace, digest, hash_version)
        else:
            versions = list_versions(workspace.codes, name, ListView.ALL, problems)
        page = versions_page(versions, query)
        return listed(settings, request, page, lambda version: version_content(settings, COLLECTION, version), problems)

    @router.get("/{version}")
    def get(name: str, version: str) -> JSONResponse:
        """One version."""
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
        """A new container to upload the files of this version to."""
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
