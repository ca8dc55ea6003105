"""`/data/v1.0/…/dataversion/batchGetResolvedUris`: where versions of data assets lie."""

from typing import Any

from fastapi import Depends, FastAPI
from pydantic import BaseModel, Field

from shared.control_plane.datastores.locations import datastore_of
from shared.errors import NotFoundError, ValidationError
from shared.triggers.http.framework.app_factory import WORKSPACE, CanonicalPaths, new_app
from shared.triggers.http.framework.authorization import Authorize
from shared.triggers.http.framework.requests import served_workspace
from shared.triggers.http.history import run_of_output
from shared.triggers.wiring import Application

ROOT = f"/data/v1.0{WORKSPACE}"
_RESOLVE = f"{ROOT}/dataversion/batchGetResolvedUris"


class AssetIds(BaseModel):
    """Ids as `rundata` gave them."""

    values: list[str] = Field(max_length=100)


def datasets_app(application: Application, authorize: Authorize) -> FastAPI:
    """The data surface over an application."""
    app = new_app("Data", "data", "Addresses of data that runs have written.")
    guards = [Depends(authorize), Depends(served_workspace(application.workspace.settings))]

    @app.post(_RESOLVE, dependencies=guards)
    def resolve(ids: AssetIds) -> dict[str, Any]:
        """The address of each output, as a long `azureml://` URI of a folder in a datastore."""
        return {
            "values": {asset: {"uri": output_uri(application, asset), "type": "uri_folder"} for asset in ids.values}
        }

    app.add_middleware(CanonicalPaths, templates=[_RESOLVE])
    return app


def output_uri(application: Application, asset_id: str) -> str:
    """Where a job's output is; raises ValidationError or NotFoundError."""
    run = run_of_output(asset_id)
    if run is None:
        raise ValidationError(f"values: {asset_id!r} is not the output of a run of this workspace", target="values")
    folder = application.jobs.of_run(run).output.folder
    datastore = datastore_of(application.workspace, folder)
    if datastore is None:
        raise NotFoundError(f"the datastore of the output {asset_id!r} has been deleted", target=asset_id)
    place = application.workspace.settings.workspace_id.replace("/providers/Microsoft.MachineLearningServices", "")
    return f"azureml:/{place}/datastores/{datastore}/paths/{folder.path}/"
