from collections.abc import Iterator

import pytest

from cli.api.workspace import suggestions
from cli.output.errors import AuthenticationError

pytestmark = pytest.mark.unit

THERE = {
    "computes": [],
    "batchEndpoints": ["heart-endpoint"],
    "batchEndpoints/heart-endpoint/deployments": ["heart-classifier", "mnist-deployment"],
    "models": [f"model-{number}" for number in range(7)],
}


def names(collection: str) -> Iterator[str]:
    yield from THERE[collection]


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("batchEndpoints/heart-endpiont", "Did you mean 'heart-endpoint'?"),
        ("batchEndpoints/other", "There is only 'heart-endpoint'"),
        ("batchEndpoints/heart-endpoint/deployments/mnist", "Did you mean 'mnist-deployment'?"),
        ("batchEndpoints/hart-endpoint/deployments/mnist", "Did you mean 'heart-endpoint'?"),
        ("computes/cpu", "There is none yet"),
        ("models/x", "There are 'model-0', 'model-1', 'model-2', 'model-3', 'model-4' and 2 more"),
        ("jobs/x", ""),
    ],
)
def test_a_name_that_is_not_there_gets_those_that_are(path: str, said: str) -> None:
    assert suggestions(path, names) == said


def test_who_may_not_list_gets_no_names() -> None:
    def refused(_: str) -> Iterator[str]:
        raise AuthenticationError("no")

    assert suggestions("models/x", refused) == ""
