from collections.abc import Iterator
from pathlib import Path

import pytest

from local.azurite.endpoints import AzuriteEndpoints
from tests.integration.scorer.played_app import App, running_app


@pytest.fixture
def app(connection_string: str, tmp_path: Path) -> Iterator[App]:
    """The application's part, with a compute of its own and no node yet."""
    with running_app(connection_string, tmp_path) as app:
        yield app


@pytest.fixture(scope="module")
def served(azurite: AzuriteEndpoints, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The application's part with one running node, shared by the tests of a module."""
    with running_app(azurite.connection_string, tmp_path_factory.mktemp("served")) as app:
        app.start_node()
        yield app
