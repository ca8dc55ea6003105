"""A caller who may use one endpoint sees its jobs on every surface, and no others."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from shared.contracts.job import JobDocument
from shared.security.access import INVOKER, Access, RoleAssignment
from shared.security.tokens import SigningKeys, TokenVerifier
from shared.triggers.http.framework.authorization import authorizer
from shared.triggers.http.history import history_app
from shared.triggers.http.management.app import management_app
from shared.triggers.http.scoring import scoring_app
from shared.triggers.wiring import Application
from tests.integration.workspace_settings import SETTINGS
from tests.signed_tokens import AUDIENCE, ISSUER, SigningKey, key_server

pytestmark = pytest.mark.integration

Ask = Callable[..., int]


@pytest.fixture
def ask(application: Application, endpoint: str) -> Iterator[Ask]:
    """The status of the answer to a caller who is the invoker of `endpoint`."""
    key = SigningKey("key-1")
    access = Access((RoleAssignment("robot", INVOKER, endpoint.upper()),))
    with key_server(key) as keys:
        verifier = TokenVerifier(ISSUER, (AUDIENCE,), SigningKeys(keys.url))
        authorize = authorizer(SETTINGS, verifier, access, application.jobs)
        headers = {"Authorization": f"Bearer {key.token(oid='robot', roles=None)}"}

        def status(app: Callable[..., FastAPI], method: str, path: str, **options: Any) -> int:
            client = TestClient(app(application, authorize), headers=headers)
            return client.request(method, f"{path}?api-version=2023-10-01", **options).status_code

        yield status


def test_jobs_of_the_endpoint_are_open_and_others_are_not(
    ask: Ask, endpoint: str, add_job: Callable[..., JobDocument]
) -> None:
    own, other = add_job(endpoint=endpoint), add_job(endpoint="lung")
    for job, expected in ((own, 200), (other, 403)):
        jobs, run = f"{SETTINGS.workspace_id}/jobs/{job.name}", f"{SETTINGS.workspace_id}/runs"
        assert ask(management_app, "GET", jobs) == expected
        assert ask(history_app, "GET", f"/history/v1.0{run}/{job.job_id}") == expected
        assert ask(scoring_app, "GET", f"/endpoints/{job.endpoint}/jobs/{job.name}") == expected
        assert ask(management_app, "PUT", jobs, json={"properties": {}}) == 403
    assert ask(scoring_app, "GET", f"/endpoints/{endpoint}/jobs/{other.name}") == 404
    assert ask(management_app, "GET", f"{SETTINGS.workspace_id}/jobs") == 403
    assert ask(management_app, "GET", f"{SETTINGS.workspace_id}/jobs/nothing") == 403
    assert ask(management_app, "POST", f"{SETTINGS.workspace_id}/jobs/{own.name}/cancel") == 200
