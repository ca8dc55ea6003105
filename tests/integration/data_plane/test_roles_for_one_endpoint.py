"""A caller who may use one endpoint sees its jobs on every surface, and no others."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from shared.contracts.job import JobDocument
from shared.security.role_assignments import RoleAssignment
from shared.security.roles import INVOKER
from shared.security.signing_keys import SigningKeys
from shared.security.tokens import TokenVerifier
from shared.triggers.admission import admission
from shared.triggers.history.app import history_app
from shared.triggers.management.app import management_app
from shared.triggers.scoring.app import scoring_app
from shared.wiring import Application
from tests.integration.workspace_settings import SETTINGS
from tests.signed_tokens import AUDIENCE, ISSUER, SigningKey, key_server

pytestmark = pytest.mark.integration

Ask = Callable[..., int]


@pytest.fixture
def ask(application: Application, endpoint: str) -> Iterator[Ask]:
    """The status of the answer to a caller who is the invoker of `endpoint`."""
    key = SigningKey("key-1")
    settings = replace(SETTINGS, role_assignments=(RoleAssignment("robot", INVOKER, endpoint.upper()),))
    with key_server(key) as keys:
        verifier = TokenVerifier(ISSUER, (AUDIENCE,), SigningKeys(keys.url))
        admit = admission(settings, verifier, application.jobs)
        headers = {"Authorization": f"Bearer {key.token(oid='robot', roles=None)}"}

        def status(app: Callable[..., FastAPI], method: str, path: str, **options: Any) -> int:
            client = TestClient(app(application, admit), headers=headers)
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
