"""The surfaces of the data plane over a real workspace with jobs in it."""

from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.requests import Request
from starlette.testclient import TestClient

from shared.compute.scale_sets import LocalScaleSets
from shared.contracts.bodies import ResourceBody
from shared.contracts.job import JobDocument
from shared.control_plane.endpoints.endpoints import put_endpoint
from shared.control_plane.resource_table import Change
from shared.control_plane.workspace import Workspace
from shared.security.access import Caller
from shared.storage.account import StorageAccount
from shared.triggers.wiring import Application, build
from tests.integration.workspace_settings import SETTINGS

WORKSPACE_PATH = SETTINGS.workspace_id


@pytest.fixture
def application(account: StorageAccount, unique_table_name: Callable[[str], str]) -> Application:
    workspace = Workspace(SETTINGS, account, table=unique_table_name("resources"))
    return build(workspace, LocalScaleSets("http://127.0.0.1:9", "key"))  # nothing listens there, nothing is asked


@pytest.fixture
def serve(application: Application) -> Callable[..., TestClient]:
    """A client of an app that lets everybody in."""

    def authorize(request: Request) -> Caller:
        request.state.caller = Caller(oid="o", name="tester", tenant="t")
        return request.state.caller

    def make(app: Callable[..., FastAPI], *, with_callers: bool = True) -> TestClient:
        return TestClient(app(application, authorize) if with_callers else app(application))

    return make


@pytest.fixture
def endpoint(application: Application, unique_name: Callable[[str], str]) -> str:
    name = unique_name("heart")
    put_endpoint(application.workspace, name, ResourceBody(properties={}), Change())
    return name


@pytest.fixture
def add_job(application: Application, make_job: Callable[..., JobDocument]) -> Callable[..., JobDocument]:
    def add(**changes: Any) -> JobDocument:
        return application.jobs.add(make_job(**changes))

    return add
