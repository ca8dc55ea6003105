"""When a request that comes again is the same one."""

from typing import Any

import pytest

from shared.jobs.submission.invoke import differences
from tests.unit.jobs.jobs_for_tests import a_job

pytestmark = pytest.mark.unit

BODY = {"inputData": {"d": {"uri": "a", "n": 1}}, "tags": {"a": "b"}, "list": [1, 2]}


@pytest.mark.parametrize(
    ("endpoint", "deployment", "body", "different"),
    [
        ("HEART", None, BODY, []),
        ("heart", "", BODY | {"name": "the-job"}, []),
        ("other", "v1", BODY, ["endpoint", "deployment"]),
        ("heart", None, BODY | {"inputData": {"d": {"uri": "b", "n": 1}}}, ["inputData.d.uri"]),
        ("heart", None, BODY | {"inputData": {"d": {"uri": "a", "n": True}}}, ["inputData.d.n"]),
        ("heart", None, BODY | {"inputData": {"d": {"uri": "a", "n": 1.0}}}, ["inputData.d.n"]),
        ("heart", None, BODY | {"list": [2, 1], "more": None}, ["list", "more"]),
        ("heart", None, {}, ["inputData", "list", "tags"]),
        ("heart", None, BODY | {f"m{number}": 1 for number in range(9)}, ["m0", "m1", "m2", "m3", "m4"]),
    ],
)
def test_what_differs_is_named(
    endpoint: str, deployment: str | None, body: dict[str, Any], different: list[str]
) -> None:
    job = a_job().model_copy(update={"endpoint": "heart", "request_body": BODY})
    assert differences(job, endpoint, deployment, body) == different
